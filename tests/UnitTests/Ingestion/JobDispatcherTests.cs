using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Retrieval.Contracts;
using Retrieval.Ingestion;
using Retrieval.Storage;
using Retrieval.UnitTests.Storage;

namespace Retrieval.UnitTests.Ingestion;

public sealed class JobDispatcherTests
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Every_job_of_both_queues_is_worked_off_within_a_narrow_bound_and_a_single_document_overtakes_a_bulk_load()
    {
        EncoderDescription model = RealTokenizer.Describe(RealTokenizer.Shipped);
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.Catalog.PutCollectionAsync("c", "model", model.Space, null, default);
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ScriptedEncoder encoder = new(model);
        encoder.Before = call => encoder.Request(call).Texts[0].StartsWith("bulk", StringComparison.Ordinal) ? gate.Task : Task.CompletedTask;
        Job left = await opened.AcceptAsync(row, "left");
        await opened.Catalog.ClaimDueAsync(JobQueue.Interactive, 1, OpenedCatalog.Lease, default); // by a process that was killed
        Job[] bulk = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => opened.AcceptAsync(row, $"b{i}", $"bulk {i}", queue: JobQueue.Bulk)));

        using IHost host = Host(opened.Catalog, encoder);
        await host.StartAsync();
        (await opened.Catalog.WaitAsync(left.Id, default).WaitAsync(Hang)).Status.ShouldBe(DocumentStatus.Indexed);
        Job single = await opened.AcceptAsync(row, "single", "one");
        (await opened.Catalog.WaitAsync(single.Id, default).WaitAsync(Hang)).Status.ShouldBe(DocumentStatus.Indexed, "while the bulk queue is full and stands still");
        gate.SetResult();
        foreach (Job job in bulk)
        {
            (await opened.Catalog.WaitAsync(job.Id, default).WaitAsync(Hang)).Status.ShouldBe(DocumentStatus.Indexed);
        }
        await host.StopAsync();
        opened.Catalog.OpenJobs.ShouldBe(0);
        (await opened.Catalog.DescribeCollectionAsync("c", default)).Documents.ShouldBe(102);
    }

    private static IHost Host(Catalog catalog, IEncoder encoder)
    {
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging().AddSingleton(catalog).AddSingleton(encoder).AddSingleton(RealTokenizer.Cache).AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(OpenedCatalog.CreateIndex(catalog, 30)).AddSingleton<JobProgress>();
        builder.Services.AddIngestion(new IngestionOptions { InteractivePrefetch = 1, BulkPrefetch = 2, MaxIndexLag = 1000 }, new QueueOptions());
        return builder.Build();
    }
}
