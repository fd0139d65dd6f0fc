namespace Retrieval.Tokenization;

/// <summary>The post_processor of the file.</summary>
internal static class PostProcessorReader
{
    private const string Supported = "BertProcessing, RobertaProcessing, TemplateProcessing, ByteLevel, Sequence";

    public static PostProcessor? Read(JsonNodeReader node, Func<int, bool> isKnown) => node.IsNull ? null : node.Type switch
    {
        "BertProcessing" => new BertProcessor(SpecialToken.Read(node["cls"], isKnown), SpecialToken.Read(node["sep"], isKnown)),
        "RobertaProcessing" => new RobertaProcessor(SpecialToken.Read(node["cls"], isKnown), SpecialToken.Read(node["sep"], isKnown), Trim(node)),
        "TemplateProcessing" => TemplateProcessor.Read(node, isKnown),
        "ByteLevel" => Trim(node) ?? (PostProcessor)new ProcessorSequence([]),
        "Sequence" => new ProcessorSequence([.. node["processors"].Items().Select(p => Read(p, isKnown) ?? throw p.Unsupported(Supported))]),
        _ => throw node.Unsupported(Supported),
    };

    private static ByteLevelProcessor? Trim(JsonNodeReader node)
    {
        bool prefix = node.Boolean("add_prefix_space", true);
        return node.Boolean("trim_offsets", true) ? new ByteLevelProcessor(prefix) : null;
    }
}
