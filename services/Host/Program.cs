using Retrieval.Host.Cli;
using Retrieval.Ingestion.Readers.Isolation;

// A reading process takes none of the settings and starts as little as it can.
return args is [ReaderProgram.Word] ? await ReaderProgram.RunAsync(CancellationToken.None) : await RetrievalCommand.RunAsync(args);
