using System.Text;
using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Ingestion;

public sealed class ChangeMessageTests
{
    private static readonly JsonElement Schema = JsonDocument.Parse(File.ReadAllText(TestData.InRepository("docs", "document-change.v1.schema.json"))).RootElement;

    [Fact]
    public void The_committed_schema_has_the_fields_that_are_read_and_the_words_that_are_known()
    {
        JsonElement properties = Schema.GetProperty("properties");
        Names(properties).ShouldBe(WireJson.Strict.ChangeMessage.Properties.Where(p => p.Set is not null).Select(p => p.Name), ignoreOrder: true);
        Names(properties.GetProperty("document").GetProperty("properties")).ShouldBe(WireJson.Strict.DocumentInput.Properties.Select(p => p.Name), ignoreOrder: true);
        properties.GetProperty("schema").GetProperty("const").GetInt32().ShouldBe(ChangeMessage.CurrentSchema);
        foreach (JsonElement word in properties.GetProperty("action").GetProperty("enum").EnumerateArray())
        {
            Read($$"""{"schema":1,"action":"{{word.GetString()}}","collection":"c","document":{"id":"d","text":"x","version":1} }""").Document.Id.ShouldBe("d");
        }
        foreach (JsonElement type in properties.GetProperty("mediaType").GetProperty("enum").EnumerateArray())
        {
            Read($$"""{"schema":1,"action":"upsert","collection":"c","document":{"id":"d","text":"x","version":1},"mediaType":{{type.GetRawText()}} }""").Document.Id.ShouldBe("d");
        }
        foreach (JsonElement required in Schema.GetProperty("required").EnumerateArray())
        {
            string without = """{"schema":1,"action":"upsert","collection":"c","document":{"id":"d","text":"x","version":1}}""".Replace($"\"{required.GetString()}\":", "\"gone\":", StringComparison.Ordinal);
            Should.Throw<RetrievalException>(() => Read(without)).Problem.Kind.ShouldBe(ErrorKind.Invalid, required.GetString());
        }
    }

    [Fact]
    public void A_timestamp_is_a_version_to_the_microsecond_in_any_zone()
    {
        Read("""{"schema":1,"action":"delete","collection":"c","document":{"id":"d"},"timestamp":"2026-11-25T01:00:00.000001+01:00"}""").Versioned.Version.ShouldBe(1_795_564_800_000_001L);
        Read("""{"schema":1,"action":"delete","collection":"c","document":{"id":"d","version":4},"timestamp":"2026-11-25T00:00:00Z"}""").Versioned.Version.ShouldBe(4);
    }

    [Fact]
    public void An_envelope_is_opened_and_a_byte_order_mark_passed_over()
    {
        const string Message = """{"schema":1,"action":"upsert","collection":"c","document":{"id":"d","text":"x","version":1}}""";
        Read($$"""{"messageId":"1","messageType":["urn:message:Other:Change"],"message":{{Message}},"sentTime":"2026-11-25T00:00:00Z"}""").Document.Text.ShouldBe("x");
        ChangeMessage.Read(Encoding.UTF8.GetBytes("\uFEFF" + Message)).Document.Text.ShouldBe("x");
    }

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("[]", "form")]
    [InlineData("null", "null")]
    [InlineData("""{"schema":1,"action":"replace","collection":"c","document":{"id":"d","text":"x","version":1}}""", "'replace' is none of")]
    [InlineData("""{"schema":1,"action":"upsert","collection":"c","document":{"id":"","text":"x","version":1}}""", "no id")]
    [InlineData("""{"schema":1,"action":"upsert","collection":"c","document":{"id":"d","text":"x","version":0}}""", "Version 0")]
    [InlineData("""{"schema":1,"action":"upsert","collection":"c","document":{"id":"d","text":"x","version":1},"mediaType":"image/png"}""", "image/png")]
    [InlineData("""{"schema":1,"action":"upsert","collection":"c","document":{"id":"d","text":"x","version":1,"size":3}}""", "size")]
    public void What_cannot_be_read_says_why(string body, string reason) => Should.Throw<RetrievalException>(() => Read(body)).Message.ShouldContain(reason);

    private static ChangeMessage Read(string json) => ChangeMessage.Read(Encoding.UTF8.GetBytes(json));

    private static IEnumerable<string> Names(JsonElement json) => json.EnumerateObject().Select(p => p.Name);
}
