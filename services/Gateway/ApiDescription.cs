using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Retrieval.Contracts;

namespace Retrieval.Gateway;

/// <summary>The OpenAPI document: its head, and what the framework cannot see of routes and types.</summary>
internal static class ApiDescription
{
    public static void Configure(OpenApiOptions options) => options
        .AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Retrieval";
            document.Info.Version = "v1";
            document.Info.Description = "Documents in, ranked passages and cited contexts out. Errors are problem details with kind, field, value, limit and help.";
            DescribeConditions(document);
            return Task.CompletedTask;
        })
        .AddSchemaTransformer((schema, context, _) =>
        {
            // Nulls are left out of answers: what may be null may be missing.
            schema.Required?.ExceptWith((schema.Properties ?? new Dictionary<string, IOpenApiSchema>()).Where(p => IsNullable(p.Value)).Select(p => p.Key));
            JsonTypeInfo type = context.JsonTypeInfo;
            if (type.Type.IsEnum) // the generator cannot look into the converter that reads the words
            {
                schema.Enum = [.. Enum.GetValues(type.Type).Cast<object>().Select(value => JsonSerializer.SerializeToNode(value, type)!)];
            }
            if (type.Type == typeof(CompressPassage))
            {
                schema.OneOf = [new OpenApiSchema { Type = JsonSchemaType.String }, new OpenApiSchema
                {
                    Type = JsonSchemaType.Object, Required = new HashSet<string> { "text" },
                    Properties = new Dictionary<string, IOpenApiSchema> { ["id"] = new OpenApiSchema { Type = JsonSchemaType.String }, ["text"] = new OpenApiSchema { Type = JsonSchemaType.String } },
                }];
            }
            return Task.CompletedTask;
        });

    /// <summary>The generator cannot look into the converter that reads a condition without its list.</summary>
    private static void DescribeConditions(OpenApiDocument document)
    {
        foreach (string type in (ReadOnlySpan<string>)[nameof(Filter), nameof(Condition)])
        {
            if (document.Components?.Schemas?.TryGetValue(type, out IOpenApiSchema? schema) == true && schema.Properties is { } properties)
            {
                foreach (string clause in (ReadOnlySpan<string>)["must", "should", "must_not"])
                {
                    properties[clause] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchemaReference(nameof(Condition), document), Description = "One condition may stand without a list." };
                }
            }
        }
    }

    /// <summary>The errors that a route answers with, and 503 while the server starts.</summary>
    public static RouteHandlerBuilder Problems(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (int status in statuses)
        {
            route.Produces<ProblemBody>(status, ProblemBody.MediaType);
        }
        return route.Produces<ProblemBody>(StatusCodes.Status503ServiceUnavailable, ProblemBody.MediaType);
    }

    /// <summary>A query parameter that the handler reads itself.</summary>
    public static RouteHandlerBuilder Query(this RouteHandlerBuilder route, string name, JsonSchemaType type, string description) => route.Parameter(name, ParameterLocation.Query, type, description);

    /// <summary>A list that is read page by page.</summary>
    public static RouteHandlerBuilder Paged(this RouteHandlerBuilder route) =>
        route.Query("after", JsonSchemaType.String, "The 'next' of the page before.").Query("limit", JsonSchemaType.Integer, "Rows of a page, 1 to 1000; default 100.");

    /// <summary>A stream of server-sent events.</summary>
    public static RouteHandlerBuilder ProducesEvents(this RouteHandlerBuilder route) => route.Produces<string>(200, "text/event-stream");

    /// <summary>The document id at the end of the path, which may hold slashes.</summary>
    public static RouteHandlerBuilder IdInPath(this RouteHandlerBuilder route) =>
        route.Parameter("id", ParameterLocation.Path, JsonSchemaType.String, "Id of the document; everything behind /documents/, slashes included.");

    /// <summary>Media types whose body is the text or the file itself.</summary>
    public static RouteHandlerBuilder RawBodies(this RouteHandlerBuilder route, string[] types, string? format) => route.AddOpenApiOperationTransformer((operation, _, _) =>
    {
        foreach (string type in types)
        {
            operation.RequestBody!.Content![type].Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = format };
        }
        return Task.CompletedTask;
    });

    private static RouteHandlerBuilder Parameter(this RouteHandlerBuilder route, string name, ParameterLocation where, JsonSchemaType type, string description) =>
        route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = name, In = where, Required = where == ParameterLocation.Path, Description = description, Schema = new OpenApiSchema { Type = type },
            });
            return Task.CompletedTask;
        });

    private static bool IsNullable(IOpenApiSchema schema) => schema.Type?.HasFlag(JsonSchemaType.Null) == true || schema.OneOf?.Any(IsNullable) == true;
}
