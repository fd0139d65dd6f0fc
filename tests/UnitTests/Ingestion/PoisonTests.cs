using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Retrieval.Contracts;
using Retrieval.Ingestion;
using Retrieval.Storage;
using Retrieval.Tests.Data;
using Retrieval.UnitTests.Storage;

namespace Retrieval.UnitTests.Ingestion;

public sealed class PoisonTests
{
    private const int Others = 1000, Attempts = 3;

    [Theory]
    [InlineData("memory")]
    [InlineData("rabbitmq")]
    public async Task A_poisoned_document_fails_within_its_attempts_while_a_thousand_others_pass_unharmed(string transport)
    {
        Assert.SkipUnless(transport == "memory" || BrokerNode.Missing is null, BrokerNode.Missing ?? "");
        await using BrokerNode? broker = transport == "memory" ? null : await BrokerNode.StartAsync(TestContext.Current.CancellationToken);
        EncoderDescription model = RealTokenizer.Describe(RealTokenizer.Shipped);
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.Catalog.PutCollectionAsync("c", "model", model.Space, null, default);
        ScriptedEncoder encoder = new(model);
        encoder.Before = call => encoder.Request(call).Texts.Any(t => t.Contains("poison", StringComparison.Ordinal)) ? throw new InvalidOperationException("A batch broke.") : Task.CompletedTask;
        Job poison = await opened.AcceptAsync(row, "poison", "poison", queue: JobQueue.Bulk);
        Job[] others = await Task.WhenAll(Enumerable.Range(0, Others).Select(i => opened.AcceptAsync(row, $"d{i}", $"text {i}", queue: JobQueue.Bulk)));

        using IHost host = Host(opened.Catalog, encoder, broker is null ? new QueueOptions() : new QueueOptions { Transport = "rabbitmq", Url = broker.Url });
        await host.StartAsync(TestContext.Current.CancellationToken);
        Job failed = await opened.Catalog.WaitAsync(poison.Id, default).WaitAsync(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken);
        foreach (Job other in others)
        {
            Job done = await opened.Catalog.WaitAsync(other.Id, default).WaitAsync(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken);
            (done.Status, done.Attempts, done.Chunks).ShouldBe((DocumentStatus.Indexed, 1, 1), done.Document);
        }
        await host.StopAsync(TestContext.Current.CancellationToken);
        (failed.Status, failed.Attempts).ShouldBe((DocumentStatus.Failed, Attempts));
        failed.Timeline.Select(t => t.Step).ShouldBe(["accepted", "retry", "retry", "failed"]);
        DeadLetter letter = (await opened.Catalog.ListDeadLettersAsync(null, null, 10, default)).Single() is var dead ? (await opened.Catalog.FindDeadLetterAsync(dead.Id, default))! : null!;
        letter.Job.Error!.ShouldContain("InvalidOperationException: A batch broke.");
        letter.Detail!.ShouldContain("   at ");
        letter.Job.Payload!.Text.ShouldBe("poison");
        opened.Catalog.OpenJobs.ShouldBe(0);
    }

    private static IHost Host(Catalog catalog, IEncoder encoder, QueueOptions queue)
    {
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging().AddSingleton(catalog).AddSingleton(encoder).AddSingleton(RealTokenizer.Cache).AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(OpenedCatalog.CreateIndex(catalog, 2000)).AddSingleton<JobProgress>().AddSingleton(new ChangeIntake(catalog, 1000));
        builder.Services.AddIngestion(new IngestionOptions { MaxAttempts = Attempts, RetrySeconds = 0.1 }, queue);
        return builder.Build();
    }
}
