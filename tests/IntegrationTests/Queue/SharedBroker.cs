using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Queue;

/// <summary>One broker for the tests of a class; none where it is not installed.</summary>
public sealed class SharedBroker : IAsyncLifetime
{
    private BrokerNode? _node;

    internal BrokerNode Node => _node ?? throw new InvalidOperationException("The test did not ask for the broker.");

    public async ValueTask InitializeAsync() => _node = BrokerNode.Missing is null ? await BrokerNode.StartAsync(TestContext.Current.CancellationToken) : null;

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
    }
}
