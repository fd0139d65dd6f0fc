using Microsoft.AspNetCore.Http;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>OpenAI's embeddings and models.</summary>
internal static class OpenAiRoutes
{
    private const string Describes = """
        {"input": text, texts, token ids of the model or lists of such, "model", "encoding_format": "float" or "base64", "dimensions"}. Beyond the original: "input_type" query or document,
        "task", "prompt_name", "prompt", "instruction" and "truncate". A text over the model's limit is an error unless truncate is true.
        """;

    public static IEnumerable<DialectRoute> All =>
    [
        new("POST", "/v1/embeddings", OpenAiErrors.Dialect, EmbedAsync) { Summary = "Vectors of texts, as OpenAI's API", Description = Describes, Body = typeof(OpenAiRequest), Answers = typeof(OpenAiList) },
        new("POST", "/embeddings", OpenAiErrors.Dialect, EmbedAsync),
        new("GET", "/v1/models", OpenAiErrors.Dialect, ModelsAsync) { Summary = "The served models, as OpenAI's API", Description = "kind, dimensions, max_tokens and space are ours.", Answers = typeof(OpenAiModels) },
        new("GET", "/v1/models/{**model}", OpenAiErrors.Dialect, ModelAsync),
    ];

    private static async Task<IResult> EmbedAsync(HttpRequest http, LocalEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        OpenAiRequest request = await DialectBody.ReadAsync(http, options, OpenAiJson.Default.OpenAiRequest, cancellationToken);
        Inputs input = Required(request, options);
        EncoderDescription model = await encoder.DescribeAsync(request.Model, cancellationToken);
        EmbedRequest texts = input.Request(model.Model) with { Truncate = request.Truncate ?? false, Dimensions = request.Dimensions, PromptName = request.PromptName, Prompt = request.Prompt, Instruction = request.Instruction };
        EmbedResult result = await encoder.EmbedAsync(InputTypes.Apply(texts, model, request.InputType ?? request.Task, request.InputType is null ? "task" : "input_type"), cancellationToken);
        int tokens = result.Tokens.Sum();
        return Results.Json(new OpenAiList("list", [.. result.Vectors.Select((v, i) => new OpenAiEmbedding("embedding", i, new OpenAiVector(v, request.EncodingFormat == "base64")))], model.Model, new OpenAiUsage(tokens, tokens)), OpenAiJson.Default.OpenAiList);
    }

    private static Inputs Required(OpenAiRequest request, EncoderOptions options) =>
        request.EncodingFormat is not (null or "float" or "base64") ? throw new RetrievalException(ErrorKind.Invalid, $"'{request.EncodingFormat}' is no encoding format.", "encoding_format", request.EncodingFormat, "float, base64")
        : request.Input is not { Count: > 0 } input ? throw new RetrievalException(ErrorKind.Invalid, "There is no input.", "input", help: "Send a text, or a list of texts or of token ids.")
        : input.HasEmpty ? throw new RetrievalException(ErrorKind.Invalid, "An input is empty.", "input", help: "Leave empty texts out.")
        : input.Count > options.MaxTexts ? throw new RetrievalException(ErrorKind.TooLarge, $"{input.Count} inputs are too many for one request.", "input", $"{input.Count}", $"{options.MaxTexts} (Encoder:MaxTexts)", "Send them in several requests.")
        : input;

    private static async Task<IResult> ModelsAsync(IEncoder encoder, CancellationToken cancellationToken) =>
        Results.Json(new OpenAiModels("list", [.. (await encoder.ListAsync(cancellationToken)).Select(Model)]), OpenAiJson.Default.OpenAiModels);

    // Clients escape the slash of a name, which the server leaves as it is.
    private static async Task<IResult> ModelAsync(string model, IEncoder encoder, CancellationToken cancellationToken) =>
        Results.Json(Model(await encoder.DescribeAsync(Uri.UnescapeDataString(model), cancellationToken)), OpenAiJson.Default.OpenAiModel);

    // Nobody knows when a folder was made: 0, which the field's type wants.
    private static OpenAiModel Model(EncoderDescription model) => new(model.Model, "model", 0, "retrieval", KindWord(model.Kind), model.Space.Dimensions, model.Space.MaxTokens, model.Space.Id);

    private static string KindWord(ModelKind kind) => kind switch { ModelKind.Embedding => "embedding", ModelKind.Sparse => "sparse", ModelKind.CrossEncoder => "cross-encoder", _ => "classifier" };
}
