using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;

namespace Retrieval.Gateway;

/// <summary>The head of the OpenAPI document, and the words of its enums.</summary>
internal static class ApiDescription
{
    public static void Configure(OpenApiOptions options) => options
        .AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Retrieval";
            document.Info.Version = "v1";
            document.Info.Description = "Documents in, ranked passages and cited contexts out. Errors are problem details with kind, field, value, limit and help.";
            return Task.CompletedTask;
        })
        // The generator cannot look into the converter that reads the words.
        .AddSchemaTransformer((schema, context, _) =>
        {
            JsonTypeInfo type = context.JsonTypeInfo;
            if (type.Type.IsEnum)
            {
                schema.Enum = [.. Enum.GetValues(type.Type).Cast<object>().Select(value => JsonSerializer.SerializeToNode(value, type)!)];
            }
            return Task.CompletedTask;
        });
}
