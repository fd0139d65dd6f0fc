using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;
using Retrieval.Contracts;
using Retrieval.Storage;
using Retrieval.Vectors;

namespace Retrieval.Gateway;

/// <summary>A collection's vectors and questions to it, for measurements: what <c>retrieval bench codecs</c> asks for.</summary>
internal static class SampleEndpoints
{
    private const string ArrayType = "application/octet-stream";
    private const int BytesAtOnce = 1 << 20, QuestionsAtOnce = 32;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/collections/{collection}/vectors", VectorsAsync).WithSummary("Vectors of chunks, spread evenly over the collection, as an array file of NumPy")
            .Query("sample", JsonSchemaType.Integer, "Vectors wanted; fewer when there are fewer.").Query("seed", JsonSchemaType.Integer, "Where the spread begins; default 1.")
            .Produces<string>(200, ArrayType).Problems(400, 404);
        routes.MapGet("/v1/collections/{collection}/questions", SampleAsync).WithSummary("Titles and sentences of documents, drawn to stand in for questions")
            .Query("sample", JsonSchemaType.Integer, "Questions wanted; fewer when there are fewer.").Query("seed", JsonSchemaType.Integer, "Decides which; default 1.")
            .Produces<QuestionSample>().Problems(400, 404);
        routes.MapPost("/v1/collections/{collection}/questions", EncodeAsync).WithSummary("Vectors of questions, as this collection's searches encode them")
            .Accepts<QuestionInput>("application/json").Produces<QuestionVectors>().Problems(400, 404, 409, 413, 415, 429);
    }

    private static async Task<IResult> VectorsAsync(string collection, HttpRequest request, Catalog catalog, EmbeddedIndex index, GatewayOptions options, CancellationToken cancellationToken)
    {
        CollectionRow row = await catalog.GetCollectionAsync(collection, cancellationToken);
        float[] numbers = index.Sample(row, Number(request, "sample", options.MaxSampleVectors, options.MaxSampleVectors), Number(request, "seed", 1, int.MaxValue));
        return Results.Stream(stream => WriteAsync(numbers, row.Dimensions, stream, cancellationToken), ArrayType, $"{collection}.npy");
    }

    private static async Task<IResult> SampleAsync(string collection, HttpRequest request, Catalog catalog, EmbeddedIndex index, GatewayOptions options, CancellationToken cancellationToken)
    {
        CollectionRow row = await catalog.GetCollectionAsync(collection, cancellationToken);
        (int wanted, int seed) = (Number(request, "sample", options.MaxSampleQuestions, options.MaxSampleQuestions), Number(request, "seed", 1, int.MaxValue));
        IReadOnlyList<StoredChunk> chunks = await catalog.ReadChunksAsync(row, index.SampleRows(row, wanted, seed), cancellationToken);
        return Results.Json(SampledQuestions.Of(chunks, options.MaxQueryCharacters, seed), WireJson.Strict.QuestionSample);
    }

    private static async Task<IResult> EncodeAsync(string collection, HttpRequest request, Catalog catalog, IEncoder encoder, GatewayOptions options, CancellationToken cancellationToken)
    {
        QuestionInput input = await RequestBody.ReadJsonAsync(request, options.MaxDocumentBytes, WireJson.Strict.QuestionInput, cancellationToken);
        Check(input.Questions, options);
        CollectionRow row = await catalog.GetCollectionAsync(collection, cancellationToken);
        List<byte> numbers = new(input.Questions.Count * row.Dimensions * sizeof(float));
        foreach (string[] some in input.Questions.Chunk(QuestionsAtOnce))
        {
            EmbedResult result = await encoder.EmbedAsync(new EmbedRequest(some, InputKind.Query, row.Encoder), cancellationToken);
            VectorSpace.Require(row.Space, result.Space, $"The questions' encoder {row.Encoder}");
            foreach (float[] vector in result.Vectors)
            {
                numbers.AddRange(MemoryMarshal.AsBytes(vector.AsSpan()));
            }
        }
        return Results.Json(new QuestionVectors(row.Space, row.Dimensions, [.. numbers]), WireJson.Strict.QuestionVectors);
    }

    private static void Check(IReadOnlyList<string>? questions, GatewayOptions options)
    {
        if (questions is null || questions.Count == 0)
        {
            throw new RetrievalException(ErrorKind.Invalid, "There are no questions.", "questions", "0", $"1 to {options.MaxSampleQuestions}", "Send at least one.");
        }
        if (questions.Count > options.MaxSampleQuestions)
        {
            throw new RetrievalException(ErrorKind.TooLarge, $"There are {questions.Count} questions; the limit is {options.MaxSampleQuestions}.", "questions", $"{questions.Count}", $"{options.MaxSampleQuestions}",
                "Send them in several requests, or raise Gateway:MaxSampleQuestions.");
        }
        for (int i = 0; i < questions.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(questions[i]) || questions[i].Length > options.MaxQueryCharacters)
            {
                throw new RetrievalException(ErrorKind.Invalid, $"Question {i} has {questions[i]?.Length ?? 0} characters.", $"questions[{i}]", $"{questions[i]?.Length ?? 0}", $"1 to {options.MaxQueryCharacters}, not all blank", "Correct it, or leave it out.");
            }
        }
    }

    private static async Task WriteAsync(float[] numbers, int dimensions, Stream stream, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(NpyFormat.Head(numbers.Length / dimensions, dimensions), cancellationToken);
        byte[] block = new byte[BytesAtOnce];
        for (int at = 0; at < numbers.Length; at += BytesAtOnce / sizeof(float))
        {
            int count = Math.Min(BytesAtOnce / sizeof(float), numbers.Length - at);
            Buffer.BlockCopy(numbers, at * sizeof(float), block, 0, count * sizeof(float));
            await stream.WriteAsync(block.AsMemory(0, count * sizeof(float)), cancellationToken);
        }
    }

    private static int Number(HttpRequest request, string name, int usual, int most)
    {
        string? text = request.Query[name];
        return text is null ? usual : int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= most ? number
            : throw new RetrievalException(ErrorKind.Invalid, $"'{text}' is not a number of 1 to {most}.", name, text, $"1 to {most}", most == int.MaxValue ? null : "Ask for fewer, or raise the limit in section Gateway.");
    }
}
