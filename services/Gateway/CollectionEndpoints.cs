using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Gateway;

/// <summary><c>/v1/collections</c>.</summary>
internal static class CollectionEndpoints
{
    private const string SnapshotType = "application/x-ndjson";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/collections", async (Catalog catalog, CancellationToken cancellationToken) =>
                Results.Json(new CollectionList(await catalog.ListCollectionsAsync(cancellationToken)), WireJson.Strict.CollectionList))
            .WithSummary("List collections").Produces<CollectionList>().Problems();
        routes.MapPut("/v1/collections/{collection}", PutAsync).WithSummary("Create a collection, or change its chunking or its codec")
            .Accepts<CollectionInput>(true, "application/json").Produces<CollectionInfo>().Produces<CollectionInfo>(201).Problems(400, 404, 409, 413, 415);
        routes.MapGet("/v1/collections/{collection}", async (string collection, Catalog catalog, EmbeddedIndex index, CancellationToken cancellationToken) =>
                Results.Json(await DescribeAsync(collection, catalog, index, cancellationToken), WireJson.Strict.CollectionInfo))
            .WithSummary("Describe a collection").Produces<CollectionInfo>().Problems(404);
        routes.MapDelete("/v1/collections/{collection}", DeleteAsync).WithSummary("Delete a collection with everything in it")
            .Produces(204).Problems(404);
        routes.MapGet("/v1/collections/{collection}/snapshot", async (string collection, Catalog catalog, CancellationToken cancellationToken) =>
                Results.Stream(await catalog.SnapshotAsync(await catalog.GetCollectionAsync(collection, cancellationToken), cancellationToken), SnapshotType, $"{collection}.snapshot.ndjson"))
            .WithSummary("Everything that can be found in a collection, vectors included, as it is at one moment").Produces<string>(200, SnapshotType).Problems(404);
        routes.MapPut("/v1/collections/{collection}/snapshot", RestoreAsync).WithSummary("Create a collection from a snapshot, all of it or nothing")
            .Accepts<string>(SnapshotType).Produces<CollectionInfo>(201).Problems(400, 409);
    }

    private static async Task<IResult> RestoreAsync(string collection, HttpRequest request, Catalog catalog, EmbeddedIndex index, CancellationToken cancellationToken)
    {
        Names.Collection(collection);
        RequestBody.LiftServerLimit(request);
        CollectionRow row = await catalog.RestoreAsync(collection, request.Body, cancellationToken);
        await index.WaitForSeqAsync(row.Id, row.Seq, cancellationToken);
        return Results.Json(await DescribeAsync(collection, catalog, index, cancellationToken), WireJson.Strict.CollectionInfo, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<CollectionInfo> DescribeAsync(string collection, Catalog catalog, EmbeddedIndex index, CancellationToken cancellationToken) =>
        await catalog.DescribeCollectionAsync(collection, cancellationToken) with { Coding = index.Describe(await catalog.GetCollectionAsync(collection, cancellationToken)) };

    private static async Task<IResult> PutAsync(string collection, HttpRequest request, Catalog catalog, IEncoder encoder, GatewayOptions options, CancellationToken cancellationToken)
    {
        Names.Collection(collection);
        byte[] body = await RequestBody.ReadAsync(request, options.MaxDocumentBytes, cancellationToken);
        CollectionInput input = body.Length == 0 ? new CollectionInput() : RequestBody.ParseJson<CollectionInput>(body, WireJson.Strict.CollectionInput);
        // A collection keeps its encoder: a PUT that names none describes the model it has.
        CollectionRow? existing = await catalog.FindCollectionAsync(collection, cancellationToken);
        EncoderDescription model = await encoder.DescribeAsync(input.Encoder ?? existing?.Encoder, cancellationToken);
        Check(input.Chunking, model);
        string? codec = CodecChoice.Read(input.Codec, model.Space.Dimensions, cancellationToken);
        Check(input.Index ?? existing?.Index, input.Codec is null ? existing?.Codec : codec);
        await catalog.PutCollectionAsync(collection, model.Model, model.Space, input.Chunking, cancellationToken);
        if (input.Codec is not null)
        {
            await catalog.SetCodecAsync(collection, codec, cancellationToken);
        }
        if (input.Index is { } index)
        {
            await catalog.SetIndexAsync(collection, index, cancellationToken);
        }
        return Results.Json(await catalog.DescribeCollectionAsync(collection, cancellationToken), WireJson.Strict.CollectionInfo,
            statusCode: existing is null ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static async Task<IResult> DeleteAsync(string collection, Catalog catalog, CancellationToken cancellationToken)
    {
        await catalog.GetCollectionAsync(collection, cancellationToken);
        await catalog.DeleteCollectionAsync(collection, cancellationToken);
        return Results.NoContent();
    }

    private static void Check(IndexKind? index, string? codec)
    {
        if (codec is null && index is IndexKind.Ivf or IndexKind.Graph)
        {
            throw new RetrievalException(ErrorKind.Invalid, "Lists and graphs are over codes, and this collection has no codec.", "index", index.ToString()!.ToLowerInvariant(), "auto, exact, or ivf and graph with a codec",
                "Name a codec, such as \"codec\": \"int8\", or set \"index\": \"auto\".");
        }
    }

    private static void Check(ChunkingSettings? chunking, EncoderDescription model)
    {
        const int Least = 16;
        if (chunking?.MaxTokens is { } tokens && (tokens < Least || tokens > model.Space.MaxTokens))
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Chunks of {tokens} tokens are not possible with encoder {model.Model}.", "chunking.maxTokens", $"{tokens}",
                $"{Least} to {model.Space.MaxTokens}", "Choose a limit that the encoder reads at once, or leave it out.");
        }
        if (chunking?.Chunker is { } chunker && !ChunkingSettings.Chunkers.Contains(chunker))
        {
            throw new RetrievalException(ErrorKind.Invalid, $"There is no chunker '{Names.Shown(chunker)}'.", "chunking.chunker", Names.Shown(chunker), string.Join(", ", ChunkingSettings.Chunkers), "Choose one of these, or leave it out.");
        }
        if (chunking?.Chunker == "late" && model.Space.Pooling != "mean")
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Late chunking needs a model that pools by the mean; {model.Model} pools by {model.Space.Pooling}.", "chunking.chunker", "late", "sentence, markdown, tokens", "Choose another chunker.");
        }
        // Late chunking without a limit takes a quarter of what the model reads at once.
        int most = (chunking?.MaxTokens ?? (chunking?.Chunker == "late" ? model.Space.MaxTokens / 4 : model.Space.MaxTokens)) / 2;
        if (chunking?.Overlap is { } overlap && (overlap < 0 || overlap > most))
        {
            throw new RetrievalException(ErrorKind.Invalid, $"An overlap of {overlap} tokens is not possible.", "chunking.overlap", $"{overlap}", $"0 to {most}", "Choose at most half of a chunk's tokens.");
        }
    }
}
