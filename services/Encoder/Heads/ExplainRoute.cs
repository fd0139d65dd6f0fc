using Microsoft.AspNetCore.Http;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary><c>POST /v1/explain</c>: a sparse vector as the words that it weighs.</summary>
internal static class ExplainRoute
{
    public static DialectRoute Route { get; } = new("POST", "/v1/explain", null, ExplainAsync)
    {
        Summary = "A text or sparse vector as words with weights", Body = typeof(ExplainRequest), Answers = typeof(ExplainResult),
        Description = """{"input": text} or {"vector": {"indices", "values"}}, "model": a sparse model, "top". Heaviest first.""",
    };

    private static async Task<IResult> ExplainAsync(HttpRequest http, LocalEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        ExplainRequest request = await DialectBody.ReadAsync(http, options, WireJson.Strict.ExplainRequest, cancellationToken);
        if (request.Top < 1 || (request.Input is null) == (request.Vector is null) || request.Vector?.Indices.Count != request.Vector?.Values.Count)
        {
            throw new RetrievalException(ErrorKind.Invalid, "Either input or vector is explained, a vector with as many values as indices, by 1 word or more.", "body", limit: "input, vector, model, top", help: "Send {\"input\": \"a text\"}.");
        }
        string model = request.Model ?? (await encoder.ListAsync(cancellationToken)).FirstOrDefault(m => m.Kind == ModelKind.Sparse)?.Model
            ?? throw new RetrievalException(ErrorKind.Invalid, "No served model is a sparse one.", "model", help: "Add a model with a masked-language-model head to Encoder:Models.");
        SparseVector vector = request.Vector ?? (await encoder.EmbedSparseAsync(new EmbedRequest([request.Input!], Model: model), cancellationToken)).Vectors[0];
        IReadOnlyList<WeighedWord> words = await encoder.AskAsync(model, m => Heaviest(m.Documents.Model, vector, request.Top), cancellationToken);
        return Results.Json(new ExplainResult(model, words), WireJson.Strict.ExplainResult);
    }

    private static WeighedWord[] Heaviest(EncoderModel model, SparseVector vector, int top) =>
        [.. vector.Indices.Zip(vector.Values, (id, weight) => new WeighedWord(id, Word(model, id), weight)).OrderByDescending(w => w.Weight).ThenBy(w => w.Id).Take(top)];

    private static string Word(EncoderModel model, int id) => model.Folder.Kind != ModelKind.Sparse ? throw new RetrievalException(ErrorKind.Invalid, $"Model '{model.Name}' is {Words.Of(model.Folder.Kind)}; indices are words of a sparse model alone.", "model", model.Name)
        : model.Tokenizer.IdToToken(id) ?? throw new RetrievalException(ErrorKind.Invalid, $"Index {id} is no word of model '{model.Name}'.", "vector.indices", $"{id}", $"0 to {model.Tokenizer.VocabularySize - 1}", "Ask the model that made the vector.");
}
