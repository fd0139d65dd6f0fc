using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Gateway;

/// <summary><c>/v1/collections/{c}/documents</c>.</summary>
internal static class DocumentEndpoints
{
    private static readonly string[] RawTypes = ["text/plain", "text/markdown"];
    private static readonly string AllTypes = string.Join(", ", [.. RawTypes, "application/json"]);

    public static void Map(IEndpointRouteBuilder routes)
    {
        const string Wait = "Answer when the outcome is known; 202 after Gateway:WaitSeconds.", Documents = "/v1/collections/{collection}/documents", Document = Documents + "/{**id}";
        routes.MapPut(Document, PutAsync).WithSummary("Write or replace a document")
            .WithDescription("JSON, or the text itself as text/plain or text/markdown (then title, url and version are query parameters). 202 with a status URL; wait=true answers when the document can be found.")
            .Accepts<DocumentInput>("application/json", RawTypes).TextBodies(RawTypes).IdInPath().Query("wait", JsonSchemaType.Boolean, Wait)
            .Query("title", JsonSchemaType.String, "Title of a raw text.").Query("url", JsonSchemaType.String, "Where the original of a raw text is.").Query("version", JsonSchemaType.Integer, "Version of a raw text.")
            .Produces<StatusInfo>().Produces<StatusInfo>(202).Problems(400, 404, 413, 415, 429);
        routes.MapGet(Document, GetAsync).WithSummary("Read a document; offsets point into its text").IdInPath().Produces<DocumentInfo>().Problems(400, 404);
        routes.MapDelete(Document, DeleteAsync).WithSummary("Remove a document").IdInPath().Query("wait", JsonSchemaType.Boolean, Wait).Query("version", JsonSchemaType.Integer, "Version of the removal.")
            .Produces<StatusInfo>().Produces<StatusInfo>(202).Problems(400, 404, 429);
        routes.MapGet(Documents, ListAsync).WithSummary("List documents by id").Query("after", JsonSchemaType.String, "The 'next' of the page before.").Query("limit", JsonSchemaType.Integer, "Rows of a page, 1 to 1000; default 100.")
            .Produces<DocumentList>().Problems(400, 404);
        routes.MapPost(Documents, BulkAsync).WithSummary("Write many documents: one JSON document a line, one verdict a line").WithDescription("The Location header names the load: its counts, and under /events its progress.").Query("wait", JsonSchemaType.Boolean, Wait)
            .Accepts<DocumentInput>("application/x-ndjson").Produces<BulkVerdict>(200, "application/x-ndjson").Problems(400, 404, 415);
    }

    private static async Task<IResult> PutAsync(string collection, HttpContext context, Catalog catalog, DocumentAcceptance acceptance, GatewayOptions options, CancellationToken cancellationToken)
    {
        string id = Names.DocumentInPath(context);
        bool wait = Flag(context.Request, "wait");
        CollectionRow row = await catalog.GetCollectionAsync(collection, cancellationToken);
        (DocumentInput document, string mediaType) = await ReadAsync(context.Request, id, options.MaxDocumentBytes, cancellationToken);
        Job job = await acceptance.AcceptAsync(row, JobQueue.Interactive, document, mediaType, cancellationToken);
        return StatusReport.Answer(context, wait ? await acceptance.WaitAsync(row, job, cancellationToken) : job);
    }

    private static async Task<(DocumentInput Document, string MediaType)> ReadAsync(HttpRequest request, string id, long limit, CancellationToken cancellationToken)
    {
        MediaTypeHeaderValue? type = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? parsed) ? parsed : null;
        string name = type?.MediaType.Value?.ToLowerInvariant() ?? "";
        if (name == "application/json")
        {
            DocumentInput document = await RequestBody.ReadJsonAsync(request, limit, WireJson.Strict.DocumentInput, cancellationToken);
            return document.Id is null || document.Id == id ? (document with { Id = id }, "text/plain")
                : throw new RetrievalException(ErrorKind.Invalid, "The id in the body is not the id in the path.", "id", document.Id, id, "Leave the id out of the body, or make both equal.");
        }
        if (!RawTypes.Contains(name))
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Content-Type '{request.ContentType}' is not read.", "Content-Type", request.ContentType, AllTypes, "Send one of these types.");
        }
        if (type!.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Charset '{type.Charset}' is not read.", "Content-Type", $"{type.Charset}", "utf-8", "Send the text as UTF-8.");
        }
        byte[] body = await RequestBody.ReadAsync(request, limit, cancellationToken);
        return (new DocumentInput { Id = id, Title = request.Query["title"], Url = request.Query["url"], Version = Number(request, "version"), Text = RequestBody.ParseText(body) }, name);
    }

    private static async Task<IResult> GetAsync(string collection, HttpContext context, Catalog catalog, CancellationToken cancellationToken)
    {
        string id = Names.DocumentInPath(context);
        CollectionRow row = await catalog.GetCollectionAsync(collection, cancellationToken);
        DocumentInfo document = await catalog.FindDocumentAsync(row, id, cancellationToken) ?? throw DocumentAcceptance.Unknown(row, id);
        return Results.Json(document, WireJson.Strict.DocumentInfo);
    }

    private static async Task<IResult> DeleteAsync(string collection, HttpContext context, Catalog catalog, DocumentAcceptance acceptance, CancellationToken cancellationToken)
    {
        string id = Names.DocumentInPath(context);
        bool wait = Flag(context.Request, "wait");
        CollectionRow row = await catalog.GetCollectionAsync(collection, cancellationToken);
        Job job = await acceptance.AcceptDeletionAsync(row, id, Number(context.Request, "version"), cancellationToken);
        return StatusReport.Answer(context, wait ? await acceptance.WaitAsync(row, job, cancellationToken) : job);
    }

    private static async Task<IResult> ListAsync(string collection, HttpRequest request, Catalog catalog, CancellationToken cancellationToken)
    {
        const int MostRows = 1000;
        long limit = Number(request, "limit") ?? 100;
        if (limit is < 1 or > MostRows)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"A page of {limit} documents is not possible.", "limit", $"{limit}", $"1 to {MostRows}", "Read the list page by page with 'after'.");
        }
        CollectionRow row = await catalog.GetCollectionAsync(collection, cancellationToken);
        string? after = request.Query.TryGetValue("after", out var value) ? value.ToString() : null;
        return Results.Json(await catalog.ListDocumentsAsync(row, after, (int)limit, cancellationToken), WireJson.Strict.DocumentList);
    }

    private static async Task BulkAsync(string collection, HttpContext context, Catalog catalog, BulkLoad bulk, CancellationToken cancellationToken)
    {
        bool wait = Flag(context.Request, "wait");
        CollectionRow row = await catalog.GetCollectionAsync(collection, cancellationToken);
        await bulk.RunAsync(row, context, wait, cancellationToken);
    }

    private static bool Flag(HttpRequest request, string name)
    {
        string? value = request.Query[name];
        return value switch
        {
            null or "" when !request.Query.ContainsKey(name) => false,
            "" or "true" => true,
            "false" => false,
            _ => throw new RetrievalException(ErrorKind.Invalid, $"{name}={value} is neither true nor false.", name, value, "true or false"),
        };
    }

    private static long? Number(HttpRequest request, string name) => request.Query[name].ToString() switch
    {
        "" => null,
        string text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) => number,
        string text => throw new RetrievalException(ErrorKind.Invalid, $"{name}={text} is not an integer.", name, text, "an integer of 64 bits"),
    };
}
