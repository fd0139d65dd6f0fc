using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Retrieval.Gateway;

/// <summary>The web page at /: one file inside the assembly, which asks the API and nothing else.</summary>
internal static class Page
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        byte[] html = Read();
        routes.MapGet("/", (HttpResponse response) =>
        {
            response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";
            response.Headers.CacheControl = "no-cache";
            return Results.Bytes(html, "text/html; charset=utf-8");
        }).ExcludeFromDescription();
    }

    private static byte[] Read()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("page")!;
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
