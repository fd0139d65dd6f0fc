using Retrieval.Contracts;
using Retrieval.Storage;
using Retrieval.Tokenization;

namespace Retrieval.Ingestion;

/// <summary>What an attempt works with.</summary>
internal sealed record WorkerTools(Catalog Catalog, DocumentReader Reader, IEncoder Encoder, TokenizerCache Tokenizers, JobProgress Progress);
