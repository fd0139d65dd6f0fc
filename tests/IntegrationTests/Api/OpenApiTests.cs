using System.Net;
using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Api;

public sealed class OpenApiTests(InProcessServer server) : IClassFixture<InProcessServer>
{
    private async Task<JsonElement> DocumentAsync()
    {
        Answer answer = (await server.Api.GetAsync("/openapi/v1.json")).ShouldBe(HttpStatusCode.OK);
        answer.MediaType.ShouldBe("application/json");
        return answer.Json;
    }

    [Fact]
    public async Task Every_public_route_is_there_and_no_internal_one()
    {
        JsonElement document = await DocumentAsync();
        document.String("openapi")!.ShouldStartWith("3.");
        Routes(document).Order(StringComparer.Ordinal).ShouldBe(
        [
            "delete /v1/admin/models/{model}", "delete /v1/collections/{collection}", "delete /v1/collections/{collection}/documents/{id}", "delete /v1/dead-letters/{job}", "get /health", "get /healthz", "get /info", "get /metrics", "get /readyz", "get /schemas/document-change.v1.json", "get /v1/admin/models", "get /v1/collections", "get /v1/collections/{collection}", "get /v1/collections/{collection}/documents", "get /v1/collections/{collection}/documents/{id}", "get /v1/collections/{collection}/events", "get /v1/collections/{collection}/questions", "get /v1/collections/{collection}/snapshot", "get /v1/collections/{collection}/vectors", "get /v1/dead-letters", "get /v1/dead-letters/{job}", "get /v1/dead-letters/{job}/payload", "get /v1/jobs", "get /v1/jobs/{job}", "get /v1/jobs/{job}/events", "get /v1/loads/{load}", "get /v1/loads/{load}/events", "get /v1/models", "post /decode", "post /embed", "post /embed_all", "post /embed_sparse", "post /predict", "post /qdrant/inference", "post /rerank", "post /similarity", "post /tokenize", "post /v1/admin/models", "post /v1/admin/models/{model}/load", "post /v1/admin/models/{model}/unload", "post /v1/codecs/decode", "post /v1/codecs/describe", "post /v1/codecs/encode", "post /v1/codecs/train", "post /v1/collections/{collection}/documents", "post /v1/collections/{collection}/questions", "post /v1/collections/{collection}/search", "post /v1/compress", "post /v1/dead-letters/replay", "post /v1/dead-letters/{job}/replay", "post /v1/embeddings", "post /v1/explain", "post /v1/rerank", "post /v2/embed", "post /v2/rerank",
            "put /v1/collections/{collection}", "put /v1/collections/{collection}/documents/{id}", "put /v1/collections/{collection}/snapshot",
        ]);
    }

    [Theory]
    [InlineData("put /v1/collections/{collection}", "application/json", "CollectionInput", "200", "CollectionInfo")]
    [InlineData("put /v1/collections/{collection}", "application/json", "CollectionInput", "201", "CollectionInfo")]
    [InlineData("put /v1/collections/{collection}/documents/{id}", "application/json", "DocumentInput", "202", "StatusInfo")]
    [InlineData("post /v1/collections/{collection}/documents", "application/x-ndjson", "DocumentInput", "200", "BulkVerdict")]
    [InlineData("post /v1/collections/{collection}/search", "application/json", "SearchRequest", "200", "SearchResponse")]
    [InlineData("post /v1/compress", "application/json", "CompressRequest", "200", "CompressResult")]
    [InlineData("post /v1/codecs/train", "application/json", "CodecTrainRequest", "200", "CodecTrainResult")]
    [InlineData("post /v1/codecs/encode", "application/json", "CodecEncodeRequest", "200", "CodecEncodeResult")]
    [InlineData("post /v1/codecs/decode", "application/json", "CodecDecodeRequest", "200", "CodecDecodeResult")]
    [InlineData("post /v1/codecs/describe", "application/json", "CodecDescribeRequest", "200", "CodecDescription")]
    [InlineData("post /v1/codecs/train", "application/json", "CodecTrainRequest", "413", "ProblemBody")]
    [InlineData("post /v1/codecs/train", "application/json", "CodecTrainRequest", "429", "ProblemBody")]
    [InlineData("get /v1/collections/{collection}/questions", null, null, "200", "QuestionSample")]
    [InlineData("post /v1/collections/{collection}/questions", "application/json", "QuestionInput", "200", "QuestionVectors")]
    [InlineData("get /v1/collections/{collection}/documents/{id}", null, null, "200", "DocumentInfo")]
    [InlineData("get /v1/collections/{collection}/documents", null, null, "200", "DocumentList")]
    [InlineData("get /v1/jobs/{job}", null, null, "200", "StatusInfo")]
    [InlineData("get /v1/jobs", null, null, "200", "JobList")]
    [InlineData("get /v1/loads/{load}", null, null, "200", "LoadInfo")]
    [InlineData("get /v1/dead-letters", null, null, "200", "DeadLetterList")]
    [InlineData("get /v1/dead-letters/{job}", null, null, "200", "DeadLetterInfo")]
    [InlineData("post /v1/collections/{collection}/search", "application/json", "SearchRequest", "404", "ProblemBody")]
    [InlineData("put /v1/collections/{collection}/documents/{id}", "application/json", "DocumentInput", "413", "ProblemBody")]
    public async Task Requests_and_answers_have_their_schemas(string route, string? requestType, string? request, string status, string response)
    {
        JsonElement operation = Operation(await DocumentAsync(), route);
        if (requestType is not null)
        {
            Reference(operation.GetProperty("requestBody").GetProperty("content").GetProperty(requestType)).ShouldBe(request);
        }
        Reference(operation.GetProperty("responses").GetProperty(status).GetProperty("content").EnumerateObject().Single().Value).ShouldBe(response);
    }

    [Theory]
    [InlineData("DocumentInput", "id,title,text,url,metadata,version", "")]
    [InlineData("BulkVerdict", "id,status,error", "status")]
    [InlineData("StatusInfo", "id,collection,job,statusUrl,status,error,version,chunks,reused,generation,attempts,timeline", "id,collection,job,statusUrl,status,version,chunks,reused,generation,attempts,timeline")]
    [InlineData("SearchRequest", "query,top,mode,filter,context,tier", "")]
    [InlineData("Filter", "must,should,must_not,min_should", "")]
    [InlineData("MinShould", "conditions,min_count", "")]
    [InlineData("Condition", "key,match,range,geo_radius,geo_bounding_box,geo_polygon,values_count,is_empty,is_null,has_id,has_vector,nested,must,should,must_not,min_should", "")]
    [InlineData("Match", "value,any,except,text,text_any,phrase,prefix", "")]
    [InlineData("FieldRange", "lt,gt,gte,lte", "")]
    [InlineData("Nested", "key,filter", "")]
    [InlineData("SearchResponse", "hits,context,space,tier,tookMs", "hits,space,tookMs")]
    [InlineData("Hit", "document,chunk,score,title,text,start,end,metadata,headings,page", "document,chunk,score,text,start,end")]
    [InlineData("ContextRequest", "maxTokens,tokenizer,protect,prune", "")]
    [InlineData("ContextAnswer", "text,tokens,citations,ratio,rungs,skipped,partial", "text,tokens,citations")]
    [InlineData("Citation", "n,document,chunk,start,end,fragment", "n,document,chunk,start,end")]
    [InlineData("ProblemBody", "type,title,status,detail,kind,field,value,limit,help", "")]
    public async Task Schemas_have_the_fields_of_the_wire_and_require_what_is_always_there(string name, string fields, string required)
    {
        JsonElement schema = (await DocumentAsync()).GetProperty("components").GetProperty("schemas").GetProperty(name);
        string.Join(',', schema.GetProperty("properties").EnumerateObject().Select(p => p.Name)).ShouldBe(fields);
        (schema.TryGetProperty("required", out JsonElement names) ? string.Join(',', names.EnumerateArray().Select(n => n.GetString())) : "").ShouldBe(required);
    }

    [Fact]
    public async Task A_filter_is_made_of_conditions_and_a_condition_may_be_a_filter()
    {
        JsonElement schemas = (await DocumentAsync()).GetProperty("components").GetProperty("schemas");
        foreach ((string schema, string clause) in (IEnumerable<(string, string)>)[("Filter", "must"), ("Filter", "should"), ("Filter", "must_not"), ("Condition", "must"), ("MinShould", "conditions")])
        {
            JsonElement list = schemas.GetProperty(schema).GetProperty("properties").GetProperty(clause);
            list.GetProperty("items").String("$ref").ShouldBe("#/components/schemas/Condition", $"{schema}.{clause}");
        }
        schemas.GetProperty("Nested").GetProperty("properties").GetProperty("filter").GetRawText().ShouldContain("#/components/schemas/Filter");
    }

    [Fact]
    public async Task Numbers_are_numbers_and_defaults_are_said()
    {
        JsonElement schemas = (await DocumentAsync()).GetProperty("components").GetProperty("schemas");
        JsonElement top = schemas.GetProperty("SearchRequest").GetProperty("properties").GetProperty("top");
        (top.String("type"), top.Int("default")).ShouldBe(("integer", 10));
        schemas.GetProperty("ContextRequest").GetProperty("properties").GetProperty("maxTokens").Int("default").ShouldBe(200);
        schemas.GetProperty("Hit").GetProperty("properties").GetProperty("score").String("type").ShouldBe("number");
    }

    [Theory]
    [InlineData("put /v1/collections/{collection}/documents/{id}", "path:collection,path:id,query:metadata,query:title,query:url,query:version,query:wait")]
    [InlineData("get /v1/collections/{collection}/documents/{id}", "path:collection,path:id")]
    [InlineData("delete /v1/collections/{collection}/documents/{id}", "path:collection,path:id,query:version,query:wait")]
    [InlineData("get /v1/collections/{collection}/documents", "path:collection,query:after,query:limit,query:source")]
    [InlineData("post /v1/collections/{collection}/documents", "path:collection,query:wait")]
    public async Task Parameters_are_described(string route, string parameters) =>
        string.Join(',', Operation(await DocumentAsync(), route).GetProperty("parameters").EnumerateArray().Select(p => $"{p.String("in")}:{p.String("name")}").Order(StringComparer.Ordinal)).ShouldBe(parameters);

    [Fact]
    public async Task A_raw_text_is_a_string()
    {
        JsonElement content = Operation(await DocumentAsync(), "put /v1/collections/{collection}/documents/{id}").GetProperty("requestBody").GetProperty("content");
        content.Names().ShouldBe(FileFormat.All.SelectMany(f => f.MediaTypes).Append(FileFormat.Unknown), ignoreOrder: true);
        content.GetProperty("text/markdown").GetProperty("schema").String("type").ShouldBe("string");
        content.GetProperty("application/pdf").GetProperty("schema").String("format").ShouldBe("binary");
    }

    private static IEnumerable<string> Routes(JsonElement document) =>
        document.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(m => $"{m.Name} {p.Name}"));

    private static JsonElement Operation(JsonElement document, string route) => document.GetProperty("paths").GetProperty(route.Split(' ')[1]).GetProperty(route.Split(' ')[0]);

    private static string? Reference(JsonElement content) => content.GetProperty("schema").String("$ref")?.Split('/')[^1];
}
