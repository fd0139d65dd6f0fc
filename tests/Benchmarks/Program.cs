using System.CommandLine;
using Retrieval.Benchmarks;
using Retrieval.Benchmarks.Vectors;

Option<int> chunks = new("--chunks") { Description = "Chunks of the seeded collection", DefaultValueFactory = _ => 100_000 };
Option<int> queries = new("--queries") { Description = "Questions that are timed", DefaultValueFactory = _ => 300 };
Option<double> share = new("--share") { Description = "Share of the texts that the sweep encodes", DefaultValueFactory = _ => 1.0 };
Option<int> starts = new("--starts") { Description = "Starts that are timed", DefaultValueFactory = _ => 5 };

Command search = new("search", "Search through the pipeline and over HTTP against encode + scan (+ FTS) alone") { chunks, queries };
search.SetAction((parsed, cancel) => SearchBenchmark.RunAsync(parsed.GetValue(chunks), parsed.GetValue(queries), cancel));
Command encode = new("encode", "Tokens a second of the encoder on mixed lengths against the limit of its own session") { share };
encode.SetAction((parsed, cancel) => EncodeBenchmark.RunAsync(parsed.GetValue(share), cancel));
Command ready = new("ready", "From the start of the built program to a green /readyz") { starts };
ready.SetAction((parsed, cancel) => ReadyBenchmark.RunAsync(parsed.GetValue(starts), cancel));
Command threads = new("threads", "The same cores as two runs of one thread, or as one run of two threads");
threads.SetAction(_ => ThreadShapes.Run());
Command prepare = new("prepare", "Encodes real texts once into the user's cache folder, for codecs and scan");
prepare.SetAction((_, cancel) => VectorSets.PrepareAsync(cancel));

Option<int> rounds = new("--rounds") { Description = "Times that each is done", DefaultValueFactory = _ => 7 };
Command compile = new("compile", "Compiling an upgrade of a 127 MiB model, and opening the cached one against ONNX Runtime alone") { rounds };
compile.SetAction(parsed => CompileBenchmark.Run(parsed.GetValue(rounds)));

Command int8 = new("int8", "bge-small-en-v1.5 in int8 for each token row, and as the usual dynamic int8, against its fp32");
int8.SetAction(_ => Int8Benchmark.Run());

Command upgrade = new("upgrade", "What compiling passes costs, and what exits and row int8 give in time") { rounds };
upgrade.SetAction((parsed, _) => UpgradeBenchmark.RunAsync(parsed.GetValue(rounds)));

return await new RootCommand("Measures as markdown tables on standard output; results.md keeps the committed ones.") { search, encode, threads, ready, prepare, compile, int8, upgrade }.Parse(args).InvokeAsync();
