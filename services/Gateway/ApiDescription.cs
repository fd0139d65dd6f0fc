using Microsoft.AspNetCore.OpenApi;

namespace Retrieval.Gateway;

/// <summary>The head of the OpenAPI document.</summary>
internal static class ApiDescription
{
    public static void Configure(OpenApiOptions options) => options.AddDocumentTransformer((document, _, _) =>
    {
        document.Info.Title = "Retrieval";
        document.Info.Version = "v1";
        document.Info.Description = "Documents in, ranked passages and cited contexts out. Errors are problem details with kind, field, value, limit and help.";
        return Task.CompletedTask;
    });
}
