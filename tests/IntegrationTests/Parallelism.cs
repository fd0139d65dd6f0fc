// A server takes every core that it gets: more than two beside each other only wait for one another.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
