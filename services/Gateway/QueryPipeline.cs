using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Gateway;

/// <summary>A search, one line a step: encode beside lexical, scan, fuse, fetch, compress.</summary>
internal sealed class QueryPipeline(Catalog catalog, EmbeddedIndex index, IEncoder encoder, ICompressor compressor, GatewayOptions options, TimeProvider time)
{
    private const int MostAttempts = 3;

    // A context is made of the best passages; what ranks behind them could not win a place against their sentences.
    private const int MostContextPassages = 100;

    public async Task<SearchResponse> SearchAsync(string name, SearchRequest request, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        string query = Check(request);
        CollectionRow collection = await catalog.GetCollectionAsync(name, cancellationToken);
        Task<EmbedResult>? encoding = request.Mode == SearchMode.Lexical ? null : encoder.EmbedAsync(new EmbedRequest([query], InputKind.Query, collection.Encoder, Tier: request.Tier), cancellationToken);
        List<Hit> hits = await RetrieveAsync(collection, request, encoding, cancellationToken);
        ContextAnswer? context = request.Context is null ? null : await CompressAsync(collection, query, hits, request.Context, cancellationToken);
        string? tier = encoding is null ? null : (await encoding).Tier;
        return new SearchResponse { Hits = hits, Context = context, Space = collection.Space, Tier = tier, TookMs = Math.Round(time.GetElapsedTime(began).TotalMilliseconds, 3) };
    }

    /// <summary>
    /// Both channels, fused and fetched. A document that was replaced between scan and fetch would leave a gap: then the index is let catch up and asked again.
    /// </summary>
    private async Task<List<Hit>> RetrieveAsync(CollectionRow collection, SearchRequest request, Task<EmbedResult>? encoding, CancellationToken cancellationToken)
    {
        int candidates = request.Mode == SearchMode.Hybrid ? Math.Max(options.Fusion.Candidates, request.Top) : request.Top;
        for (int attempt = 0; ; attempt++)
        {
            IReadOnlyList<(long Row, double Score)> lexical = request.Mode == SearchMode.Dense ? []
                : await catalog.SearchLexicalAsync(collection, request.Query!, candidates, index.Allowed(collection, request.Filter), cancellationToken);
            IReadOnlyList<(long Row, float Score)> dense = encoding is null ? [] : Scan(collection, await encoding, candidates, request.Filter, cancellationToken);
            List<(long Row, double Score)> ranked = Ranked(request, dense, lexical);
            List<Hit> hits = await FetchAsync(collection, ranked, cancellationToken);
            if (hits.Count == ranked.Count || attempt == MostAttempts)
            {
                return hits;
            }
            collection = await catalog.GetCollectionAsync(collection.Name, cancellationToken);
            await index.WaitForSeqAsync(collection.Id, collection.Seq, cancellationToken);
        }
    }

    private IReadOnlyList<(long Row, float Score)> Scan(CollectionRow collection, EmbedResult query, int candidates, Filter? filter, CancellationToken cancellationToken)
    {
        VectorSpace.Require(collection.Space, query.Space, $"The query's encoder {collection.Encoder}");
        RequireWhole(collection, query);
        return index.Search(collection, query.Vectors[0], candidates, filter, cancellationToken);
    }

    /// <summary>The first numbers of a vector are comparable with the first numbers of another; the index compares whole ones.</summary>
    private static void RequireWhole(CollectionRow collection, EmbedResult query)
    {
        if (query.Vectors[0].Length != collection.Dimensions)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Tier '{query.Tier}' gives vectors of {query.Vectors[0].Length} dimensions, and collection '{collection.Name}' compares {collection.Dimensions}.", "tier", query.Tier,
                $"{collection.Dimensions} dimensions", "Ask for a tier of all dimensions, or leave it out. Tiers of fewer are for vectors that the client compares itself.");
        }
    }

    private List<(long Row, double Score)> Ranked(SearchRequest request, IReadOnlyList<(long Row, float Score)> dense, IReadOnlyList<(long Row, double Score)> lexical) => request.Mode switch
    {
        SearchMode.Dense => [.. dense.Select(h => (h.Row, (double)h.Score))],
        SearchMode.Lexical => [.. lexical],
        _ => Fuse(request.Top, [.. dense.Select(h => (h.Row, (double)h.Score))], lexical),
    };

    private List<(long Row, double Score)> Fuse(int top, IReadOnlyList<(long Row, double Score)> dense, IReadOnlyList<(long Row, double Score)> lexical) => options.Fusion.Method == "ranks"
        ? Fusion.ReciprocalRank(options.Fusion.K, top, ([.. dense.Select(h => h.Row)], options.Fusion.DenseWeight), ([.. lexical.Select(h => h.Row)], 1))
        : Fusion.RelativeScore(top, (dense, options.Fusion.DenseWeight), (lexical, 1));

    private async Task<List<Hit>> FetchAsync(CollectionRow collection, List<(long Row, double Score)> ranked, CancellationToken cancellationToken)
    {
        Dictionary<long, double> scores = ranked.ToDictionary(r => r.Row, r => r.Score);
        IReadOnlyList<StoredChunk> chunks = await catalog.ReadChunksAsync(collection, [.. ranked.Select(r => r.Row)], cancellationToken);
        return [.. chunks.Select(c => new Hit
        {
            Document = c.Document, Chunk = c.Id, Score = scores[c.Row], Title = c.Title, Text = c.Text, Start = c.Start, End = c.End, Metadata = c.Metadata, Headings = c.Headings, Page = c.Page,
        })];
    }

    private async Task<ContextAnswer> CompressAsync(CollectionRow collection, string query, List<Hit> hits, ContextRequest wanted, CancellationToken cancellationToken)
    {
        List<Hit> best = [.. hits.Take(MostContextPassages)];
        CompressResult result = await CompressAsync(new CompressRequest([.. best.Select(h => new CompressPassage(h.Text))], wanted.MaxTokens, query, wanted.Tokenizer, wanted.Protect, collection.Encoder, wanted.Prune), cancellationToken);
        return new ContextAnswer(result.Text, result.Tokens,
            [.. result.Citations.Select(c => new Citation(c.N, best[c.Passage].Document, best[c.Passage].Chunk, best[c.Passage].Start + c.Start, best[c.Passage].Start + c.End, c.Fragment))],
            result.Ratio, result.Rungs, result.Skipped, result.Partial);
    }

    /// <summary>The budget's limit is Compression's; the field's name is this request's.</summary>
    private async Task<CompressResult> CompressAsync(CompressRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await compressor.CompressAsync(request, cancellationToken);
        }
        catch (RetrievalException e) when (e.Problem.Field is "maxTokens" or "tokenizer")
        {
            throw new RetrievalException(e.Problem with { Field = $"context.{e.Problem.Field}" }, e);
        }
    }

    private string Check(SearchRequest request)
    {
        if (string.IsNullOrWhiteSpace(request.Query))
        {
            throw new RetrievalException(ErrorKind.Invalid, "The query is empty.", "query", request.Query, "at least one visible character", "Send the question in the field 'query'.");
        }
        if (request.Query.Length > options.MaxQueryCharacters)
        {
            throw new RetrievalException(ErrorKind.TooLarge, $"The query has {request.Query.Length} characters.", "query", $"{request.Query.Length} characters", $"{options.MaxQueryCharacters} characters",
                "Shorten the query, or raise Gateway:MaxQueryCharacters.");
        }
        if (request.Top < 1 || request.Top > options.MaxTop)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{request.Top} hits are not possible.", "top", $"{request.Top}", $"1 to {options.MaxTop}", "Ask for fewer, or raise Gateway:MaxTop.");
        }
        if (request is { Mode: SearchMode.Lexical, Tier: not null })
        {
            throw new RetrievalException(ErrorKind.Invalid, "A search by words encodes nothing, so that no tier can answer it.", "tier", request.Tier, help: "Leave 'tier' out, or search by mode hybrid or dense.");
        }
        if (request.Context is { MaxTokens: < 1 })
        {
            throw new RetrievalException(ErrorKind.Invalid, $"A context of {request.Context.MaxTokens} tokens is not possible.", "context.maxTokens", $"{request.Context.MaxTokens}", "1 or more");
        }
        return request.Query;
    }
}
