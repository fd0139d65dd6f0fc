using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Retrieval.Contracts;

namespace Retrieval.Gateway;

/// <summary>What collections and documents may be called.</summary>
internal static partial class Names
{
    /// <summary>Refuses a collection name that could not be written in a path.</summary>
    public static string Collection(string name) => CollectionName().IsMatch(name) ? name : throw new RetrievalException(ErrorKind.Invalid,
        $"'{Shown(name)}' cannot name a collection.", "collection", Shown(name), "1 to 128 letters, digits, '.', '_' and '-', beginning with a letter or digit");

    /// <summary>Refuses a document id that is empty, too long or has control characters.</summary>
    public static string Document(string? id) => DocumentRules.RequireId(id);

    /// <summary>The id at the end of the path exactly as it was escaped, so that <c>a%2Fb</c> and <c>a/b</c> are both the id a/b.</summary>
    public static string DocumentInPath(HttpContext context)
    {
        string target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        string path = target.Split('?', 2)[0];
        return Document(Path().Match(path) is { Success: true } match ? Uri.UnescapeDataString(match.Groups["id"].Value) : null);
    }

    /// <summary>A value for a message.</summary>
    public static string Shown(string name) => name.Length <= 32 ? name : name[..32] + "…";

    // The first of each segment, since "documents" is a name that a collection and a document may have.
    [GeneratedRegex("/collections/[^/]+/documents/(?<id>.*)", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Path();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z")]
    private static partial Regex CollectionName();
}
