using System.Globalization;
using System.Text.Json;
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
    /// <summary>Bodies that are the text; everything else is a file that ingestion reads.</summary>
    private static readonly string[] TextTypes = ["text/plain", "text/markdown"];
    private static readonly string[] FileTypes = [.. FileFormat.All.SelectMany(f => f.MediaTypes).Except([.. TextTypes, "application/json"]), FileFormat.Unknown];
    private static readonly string AllTypes = string.Join(", ", [.. TextTypes, "application/json", .. FileTypes]);

    public static void Map(IEndpointRouteBuilder routes)
    {
        const string Wait = "Answer when the outcome is known; 202 after Gateway:WaitSeconds.", Documents = "/v1/collections/{collection}/documents", Document = Documents + "/{**id}";
        routes.MapPut(Document, PutAsync).WithSummary("Write or replace a document")
            .WithDescription("JSON, or a file as it is (then title, url, version and metadata are query parameters): text/plain and text/markdown are kept as the text, from the others the text is read, and GET returns that. application/octet-stream: the format shows in the content or in the ending of the id. 202 with a status URL; wait=true answers when the document can be found.")
            .Accepts<DocumentInput>("application/json", [.. TextTypes, .. FileTypes]).RawBodies(TextTypes, null).RawBodies(FileTypes, "binary").IdInPath().Query("wait", JsonSchemaType.Boolean, Wait)
            .Query("title", JsonSchemaType.String, "Title of a file; default: what the file itself says.").Query("url", JsonSchemaType.String, "Where the original of a file is; relative links in HTML are resolved against it.").Query("version", JsonSchemaType.Integer, "Version of a file.").Query("metadata", JsonSchemaType.String, "Metadata of a file, as a JSON object.")
            .Produces<StatusInfo>().Produces<StatusInfo>(202).Problems(400, 404, 413, 415, 429);
        routes.MapGet(Document, GetAsync).WithSummary("Read a document; offsets point into its text").IdInPath().Produces<DocumentInfo>().Problems(400, 404);
        routes.MapDelete(Document, DeleteAsync).WithSummary("Remove a document").IdInPath().Query("wait", JsonSchemaType.Boolean, Wait).Query("version", JsonSchemaType.Integer, "Version of the removal.")
            .Produces<StatusInfo>().Produces<StatusInfo>(202).Problems(400, 404, 429);
        routes.MapGet(Documents, ListAsync).WithSummary("List documents by id").Query("source", JsonSchemaType.String, "Only documents of this folder source, with path and hash.").Query("after", JsonSchemaType.String, "The 'next' of the page before.").Query("limit", JsonSchemaType.Integer, "Rows of a page, 1 to 1000; default 100.")
            .Produces<DocumentList>().Problems(400, 404);
        routes.MapPost(Documents, BulkAsync).WithSummary("Write many documents: one JSON document a line, one verdict a line").WithDescription("The Location header names the load: its counts, and under /events its progress.").Query("wait", JsonSchemaType.Boolean, Wait)
            .Accepts<DocumentInput>("application/x-ndjson").Produces<BulkVerdict>(200, "application/x-ndjson").Problems(400, 404, 415);
    }

    private static async Task<IResult> PutAsync(string collection, HttpContext context, Catalog catalog, DocumentAcceptance acceptance, GatewayOptions options, CancellationToken cancellationToken)
    {
        string id = Names.DocumentInPath(context);
        bool wait = Flag(context.Request, "wait");
        CollectionRow row = await catalog.GetCollectionAsync(collection, cancellationToken);
        (DocumentInput document, byte[]? content, string mediaType) = await ReadAsync(context.Request, id, options.MaxDocumentBytes, cancellationToken);
        Job job = await acceptance.AcceptAsync(row, new JobOrder(JobKind.Upsert, JobQueue.Interactive, mediaType) { Content = content }, document, cancellationToken);
        return StatusReport.Answer(context, wait ? await acceptance.WaitAsync(row, job, cancellationToken) : job);
    }

    private static async Task<(DocumentInput Document, byte[]? Content, string MediaType)> ReadAsync(HttpRequest request, string id, long limit, CancellationToken cancellationToken)
    {
        MediaTypeHeaderValue? type = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? parsed) ? parsed : null;
        string name = type?.MediaType.Value?.ToLowerInvariant() ?? "";
        if (name == "application/json")
        {
            DocumentInput document = await RequestBody.ReadJsonAsync(request, limit, WireJson.Strict.DocumentInput, cancellationToken);
            return document.Id is null || document.Id == id ? (document with { Id = id }, null, "text/plain")
                : throw new RetrievalException(ErrorKind.Invalid, "The id in the body is not the id in the path.", "id", document.Id, id, "Leave the id out of the body, or make both equal.");
        }
        if (!TextTypes.Contains(name) && !FileTypes.Contains(name))
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Content-Type '{request.ContentType}' is not read.", "Content-Type", request.ContentType, AllTypes, "Send one of these types.");
        }
        DocumentInput described = new() { Id = id, Title = request.Query["title"], Url = request.Query["url"], Version = Number(request, "version"), Metadata = Metadata(request) };
        byte[] body = await RequestBody.ReadAsync(request, limit, cancellationToken);
        if (type!.Charset.HasValue && name.StartsWith("text/", StringComparison.Ordinal))
        {
            body = RequestBody.ToUtf8(body, type.Charset.Value);
        }
        return TextTypes.Contains(name) ? (described with { Text = RequestBody.ParseText(body) }, null, name) : (described, body, name);
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
        string? source = request.Query.TryGetValue("source", out var named) ? named.ToString() : null;
        return Results.Json(await catalog.ListDocumentsAsync(row, source, after, (int)limit, cancellationToken), WireJson.Strict.DocumentList);
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

    private static Dictionary<string, JsonElement>? Metadata(HttpRequest request) => request.Query["metadata"].ToString() is { Length: > 0 } json
        ? RequestBody.ParseJson(System.Text.Encoding.UTF8.GetBytes(json), WireJson.Strict.DictionaryStringJsonElement) : null;

    private static long? Number(HttpRequest request, string name) => request.Query[name].ToString() switch
    {
        "" => null,
        string text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) => number,
        string text => throw new RetrievalException(ErrorKind.Invalid, $"{name}={text} is not an integer.", name, text, "an integer of 64 bits"),
    };
}
