using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Gateway;
using Retrieval.Storage;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Storage.Filters;

/// <summary>What a Qdrant server of version 1.19 answered to every form of a filter over 40 points.</summary>
public sealed class RecordedFilterTests
{
    // Points there have several vectors with names, and slices come from a hash of Qdrant's own: see the test below.
    private static readonly HashSet<string> Different = ["filter-has-vector", "filter-has-vector-not", "filter-slice", "filter-slice-bad"];

    [Fact]
    public void Every_recorded_filter_finds_the_same_points_or_is_refused_as_well()
    {
        JsonElement[] exchanges = [.. File.ReadLines(Shared.Require("qdrant", "query.jsonl")).Select(line => JsonElement.Parse(line))];
        (string Id, string Payload)[] points = [.. exchanges.Where(e => Name(e).StartsWith("data-", StringComparison.Ordinal)).SelectMany(e => e.GetProperty("request").GetProperty("points").EnumerateArray())
            .Select(p => (p.GetProperty("id").ToString(), p.GetProperty("payload").GetRawText()))];
        points.Length.ShouldBe(40);
        FieldColumns columns = new(points.Length, i => FilterPlan.Element(points[i].Payload), id => Array.FindIndex(points, p => p.Id == id));
        int compared = 0, refused = 0;
        foreach (JsonElement exchange in exchanges.Where(e => Name(e).StartsWith("filter-", StringComparison.Ordinal) && !Different.Contains(Name(e)) && Name(e) != "filter-with-nearest"))
        {
            JsonElement request = exchange.GetProperty("request");
            string filter = request.GetProperty("filter").GetRawText();
            if (exchange.GetProperty("status").GetInt32() != 200)
            {
                Should.Throw<RetrievalException>(() => Read(filter), Name(exchange));
                refused++;
                continue;
            }
            string[] expected = [.. exchange.GetProperty("response").GetProperty("result").GetProperty("points").EnumerateArray().Select(p => p.GetProperty("id").ToString())];
            FilterPlan plan = Read(filter) ?? new Always(true);
            int limit = request.GetProperty("limit").GetInt32();
            points.Where(p => plan.Holds(FilterPlan.Element(p.Payload), p.Id)).Select(p => p.Id).Take(limit).ShouldBe(expected, Name(exchange));
            Retrieval.Vectors.RowBitmap passing = columns.Passing(plan);
            points.Where((_, i) => passing[i]).Select(p => p.Id).Take(limit).ShouldBe(expected, $"{Name(exchange)} by columns");
            compared++;
        }
        (compared, refused).ShouldBe((50, 8));
    }

    [Fact]
    public void A_slice_is_refused_and_only_the_vector_without_a_name_is_there()
    {
        Should.Throw<RetrievalException>(() => Read("""{"must":[{"slice":{"total":4,"index":0}}]}""")).Problem.Field.ShouldBe("filter.must[0].slice");
        Read("""{"must":[{"has_vector":""}]}""").ShouldBeNull();
        Read("""{"must":[{"has_vector":"tok"}]}""")!.Holds(default, "id").ShouldBeFalse();
    }

    private static FilterPlan? Read(string filter) =>
        FilterReader.Read(RequestBody.ParseJson(System.Text.Encoding.UTF8.GetBytes("""{"query":"q","filter":""" + filter + "}"), WireJson.Strict.SearchRequest).Filter);

    private static string Name(JsonElement exchange) => exchange.GetProperty("name").GetString()!;
}
