using Retrieval.Host.Cli;

return await RetrievalCommand.RunAsync(args);
