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
Option<string[]> specs = new("--codecs") { Description = "Codecs to measure alone, instead of all against FAISS's OPQ at equal bytes", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
Command codecs = new("codecs", "Recall, bytes and times of codecs against FAISS") { specs, queries };
codecs.SetAction((parsed, cancel) => Task.FromResult(CodecBenchmark.Run(parsed.GetValue(specs)!, parsed.GetValue(queries), cancel)));
Option<string[]> trained = new("--codecs") { Description = "Codecs that are trained", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["pca:48", "pca4:48", "opq+:48", "rabitq:64"] };
Command train = new("train", "Training time on 100,000 x 384") { trained };
train.SetAction((parsed, cancel) => Task.FromResult(CodecBenchmark.Train(parsed.GetValue(trained)!, cancel)));
Option<int> rows = new("--rows") { Description = "Clustered vectors of the exact scan", DefaultValueFactory = _ => 1_000_000 };
Option<string?> sqliteVec = new("--sqlite-vec") { Description = "Path of sqlite-vec's vec0.so (npm pack sqlite-vec-linux-x64)" };
Command scan = new("scan", "Exact and 4-bit scans on one core against memory, FAISS and sqlite-vec") { rows, queries, sqliteVec };
scan.SetAction((parsed, cancel) => Task.FromResult(ScanBenchmark.Run(parsed.GetValue(rows), parsed.GetValue(queries), parsed.GetValue(sqliteVec), cancel)));
Command prepare = new("prepare", "Encodes real texts once into the user's cache folder, for codecs and scan");
prepare.SetAction((_, cancel) => VectorSets.PrepareAsync(cancel));
Option<int> graphRows = new("--rows") { Description = "Clustered rows; 0: the real texts", DefaultValueFactory = _ => 100_000 };
Option<string[]> over = new("--over") { Description = "Codecs under the graph; none: the vectors themselves", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["none", "int8", "pca:192"] };
Option<bool> peer = new("--peer") { Description = "hnswlib too (python3-hnswlib)", DefaultValueFactory = _ => true };
Command graph = new("graph", "The graph over codes against hnswlib: queries a core-second at recall 0.98, and memory") { graphRows, queries, over, peer };
graph.SetAction((parsed, cancel) => GraphBenchmark.RunAsync(parsed.GetValue(graphRows), parsed.GetValue(queries), parsed.GetValue(over)!, parsed.GetValue(peer), cancel));

Option<int> compileRounds = new("--rounds") { Description = "Times that each is done", DefaultValueFactory = _ => 7 };
Command compile = new("compile", "Compiling an upgrade of a 127 MiB model, and opening the cached one against ONNX Runtime alone") { compileRounds };
compile.SetAction(parsed => CompileBenchmark.Run(parsed.GetValue(compileRounds)));

Option<int> rounds = new("--rounds") { Description = "Passes over the texts that are timed", DefaultValueFactory = _ => 7 };
Option<string[]> only = new("--only") { Description = "Tokenizers to compare; all without it" };
Command tokenize = new("tokenize", "Our tokenizer against the native library and the JavaScript one (needs node and npm)") { rounds, only };
tokenize.SetAction((parsed, cancel) => TokenizeBenchmark.RunAsync(parsed.GetValue(rounds), parsed.GetValue(only) ?? [], cancel));
Command tokenizerLoad = new("tokenizer-load", "From the bytes of tokenizer.json to a first token");
tokenizerLoad.SetAction(_ => TokenizerLoadBenchmark.Run());

Command int8 = new("int8", "bge-small-en-v1.5 in int8 for each token row, and as the usual dynamic int8, against its fp32");
int8.SetAction(_ => Int8Benchmark.Run());

return await new RootCommand("Measures as markdown tables on standard output; results.md keeps the committed ones.") { search, encode, threads, ready, prepare, compile, codecs, tokenize, int8, train, scan, graph, tokenizerLoad }.Parse(args).InvokeAsync();
