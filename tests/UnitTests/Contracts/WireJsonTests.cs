using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.UnitTests.Contracts;

public sealed class WireJsonTests
{
    [Theory]
    [InlineData("""{"query":"q","topp":5}""", "topp")]
    [InlineData("""{"query":"q","context":{"maxTokens":5,"extra":1}}""", "extra")]
    [InlineData("""{"query":"q","filter":{"mustnot":[]}}""", "mustnot")]
    [InlineData("""{"query":"q","filter":{"must":[{"key":"a","ranges":{}}]}}""", "ranges")]
    public void A_request_with_an_unknown_field_is_refused_by_its_name_and_an_answer_may_have_more(string json, string field)
    {
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize(json, WireJson.Strict.SearchRequest)).Message.ShouldContain($"'{field}'");
        JsonSerializer.Deserialize(json, WireJson.Lenient.SearchRequest)!.Query.ShouldBe("q");
    }

    [Theory]
    [InlineData("hybrid", SearchMode.Hybrid)]
    [InlineData("dense", SearchMode.Dense)]
    [InlineData("lexical", SearchMode.Lexical)]
    public void A_mode_is_its_word(string word, SearchMode mode)
    {
        JsonSerializer.Deserialize($$"""{"mode":"{{word}}"}""", WireJson.Strict.SearchRequest)!.Mode.ShouldBe(mode);
        JsonSerializer.Serialize(new SearchRequest { Mode = mode }, WireJson.Strict.SearchRequest).ShouldContain($"\"mode\":\"{word}\"");
    }

    [Theory]
    [InlineData("1")]
    [InlineData("\"1\"")]
    [InlineData("99")]
    [InlineData("\"semantic\"")]
    [InlineData("\"dense,lexical\"")]
    [InlineData("\"\"")]
    [InlineData("null")]
    public void Anything_else_is_no_mode(string value)
    {
        JsonException exception = Should.Throw<JsonException>(() => JsonSerializer.Deserialize("""{"mode":@}""".Replace("@", value, StringComparison.Ordinal), WireJson.Strict.SearchRequest));
        exception.Path.ShouldBe("$.mode");
        exception.Message.ShouldContain("is none of: hybrid, dense, lexical");
    }

    [Fact]
    public void A_status_is_its_word()
    {
        foreach (DocumentStatus status in Enum.GetValues<DocumentStatus>())
        {
            string json = JsonSerializer.Serialize(new BulkVerdict("a", status), WireJson.Strict.BulkVerdict);
            json.ShouldBe($$"""{"id":"a","status":"{{status.ToString().ToLowerInvariant()}}"}""");
            JsonSerializer.Deserialize(json, WireJson.Lenient.BulkVerdict)!.Status.ShouldBe(status);
        }
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize("""{"id":"a","status":2}""", WireJson.Lenient.BulkVerdict));
    }

    [Fact]
    public void Text_is_written_as_it_is_and_nulls_are_left_out() =>
        JsonSerializer.Serialize(new DocumentInput { Text = "größe <b> 'a' & 日本" }, WireJson.Strict.DocumentInput).ShouldBe("""{"text":"größe <b> 'a' & 日本"}""");

    [Fact]
    public void A_document_comes_back_as_it_went()
    {
        const string Json = """{"id":"1","title":"t","text":"x","url":"http://a","metadata":{"n":1,"deep":{"list":[1,"a",null]}},"version":9007199254740993}""";
        JsonSerializer.Serialize(JsonSerializer.Deserialize(Json, WireJson.Strict.DocumentInput), WireJson.Strict.DocumentInput).ShouldBe(Json);
    }

    [Fact]
    public void A_search_has_its_defaults()
    {
        SearchRequest request = JsonSerializer.Deserialize("""{"query":"q","context":{}}""", WireJson.Strict.SearchRequest)!;
        (request.Top, request.Mode, request.Context!.MaxTokens).ShouldBe((10, SearchMode.Hybrid, 200));
    }

    [Fact]
    public void A_match_takes_a_string_a_number_or_a_truth_value_as_it_is()
    {
        foreach (string value in new[] { "\"a\"", "5", "true" })
        {
            SearchRequest request = JsonSerializer.Deserialize("""{"filter":{"must":[{"key":"k","match":{"value":@}}]}}""".Replace("@", value, StringComparison.Ordinal), WireJson.Strict.SearchRequest)!;
            request.Filter!.Must!.Single().Match!.Value!.Value.GetRawText().ShouldBe(value);
        }
    }
}
