using System.Text;

namespace Retrieval.Tokenization;

/// <summary>Options of Metaspace, pre-tokenizer and decoder.</summary>
internal sealed record MetaspaceOptions(Rune Mark, PrependScheme Scheme, bool Split)
{
    /// <summary>Files of before prepend_scheme say add_prefix_space; where both are there they must agree, as in the reference.</summary>
    public static MetaspaceOptions Read(JsonNodeReader node)
    {
        Rune mark = node["replacement"].String().EnumerateRunes().ToArray() is [Rune one] ? one : throw node["replacement"].Wrong("expected one character");
        PrependScheme scheme = node.String("prepend_scheme", "always") switch
        {
            "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            _ => throw node["prepend_scheme"].Unsupported("always, first, never"),
        };
        if (!node.Boolean("add_prefix_space", true))
        {
            if (!node["prepend_scheme"].IsNull && scheme != PrependScheme.Never)
            {
                throw node["add_prefix_space"].Wrong("expected what prepend_scheme says");
            }
            scheme = PrependScheme.Never;
        }
        return new MetaspaceOptions(mark, scheme, node.Boolean("split", true));
    }
}
