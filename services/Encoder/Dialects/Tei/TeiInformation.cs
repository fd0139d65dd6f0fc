using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>/info: what text-embeddings-inference says of its model.</summary>
internal static class TeiInformation
{
    public static TeiInfo Of(EncoderDescription model, EncoderOptions options) => new(model.Model, model.Space.Weights, "float32", Type(model), options.MaxTexts, model.Space.MaxTokens, options.QueueTokens, null, options.MaxTexts, false, options.Runs,
        typeof(TeiInformation).Assembly.GetName().Version!.ToString(3));

    private static TeiModelType Type(EncoderDescription model) => model.Kind switch
    {
        ModelKind.CrossEncoder => new(null, null, Labels(model)),
        ModelKind.Classifier => new(null, Labels(model), null),
        _ => new(new TeiEmbedding(model.Space.Pooling), null, null),
    };

    private static TeiLabels Labels(EncoderDescription model) =>
        new(model.Labels.Select((l, i) => (l, i)).ToDictionary(l => $"{l.i}", l => l.l), model.Labels.Select((l, i) => (l, i)).DistinctBy(l => l.l).ToDictionary(l => l.l, l => l.i));
}
