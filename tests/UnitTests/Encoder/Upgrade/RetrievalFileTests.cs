using Retrieval.Encoder;

namespace Retrieval.UnitTests.Encoder.Upgrade;

public sealed class RetrievalFileTests : IDisposable
{
    private const string Measured = """{"documents":"a","queries":"b","texts":400,"cosine":{"mean":0.9,"low":0.89,"high":0.91},"recallKept":{"mean":0.7,"low":0.6,"high":0.8}}""";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_without_the_file_is_served_as_it_is()
    {
        RetrievalFile file = RetrievalFile.Read(_folder.Path);
        (file.Model, file.Passes.Count, file.Dimensions, file.Queries.Count).ShouldBe((_folder.Path, 0, null, 0));
    }

    [Fact]
    public void A_pair_names_its_models_relative_to_itself()
    {
        Write($$"""{"version":1,"model":"../teacher","dimensions":128,"queries":[{"name":"leaf","model":"student","prompt":"q: ","measured":{{Measured}}}]}""");
        RetrievalFile file = RetrievalFile.Read(_folder.Path);
        file.Model.ShouldBe(Path.GetFullPath(Path.Combine(_folder.Path, "..", "teacher")));
        file.Dimensions.ShouldBe(128);
        QueryVariant queries = file.Queries.ShouldHaveSingleItem();
        (queries.Name, queries.Model, queries.Template).ShouldBe(("leaf", _folder["student"], new TextTemplate("q: ", "")));
        AdmittedVariant pair = queries.Measured.ShouldNotBeNull();
        (pair.Documents, pair.Queries, pair.Measure.Texts).ShouldBe(("a", "b", 400));
        pair.Measure.RecallKept.ShouldBe(new MeanInterval(0.7, 0.6, 0.8));
    }

    [Fact]
    public void Variants_are_listed_and_the_first_or_a_named_one_is_the_default()
    {
        string variants = $$"""[{"name":"plain"},{"name":"asked","template":"find: {text}?"},{"name":"L2","passes":[{"pass":"exit","layer":2}],"dimensions":16,"measured":{{Measured}}}]""";
        Write($$"""{"version":1,"queries":{{variants}}}""");
        RetrievalFile file = RetrievalFile.Read(_folder.Path);
        (file.Queries.Count, file.Default).ShouldBe((3, 0));
        file.Queries[0].ShouldSatisfyAllConditions(v => v.IsPromptOnly.ShouldBeTrue(), v => v.Template.ShouldBeNull());
        file.Queries[1].Template.ShouldBe(new TextTemplate("find: ", "?"));
        file.Queries[2].ShouldSatisfyAllConditions(v => v.IsPromptOnly.ShouldBeFalse(), v => v.Layer.ShouldBe(2), v => v.Dimensions.ShouldBe(16));
        Write($$"""{"version":1,"queries":{{variants}},"default":"asked"}""");
        RetrievalFile.Read(_folder.Path).Default.ShouldBe(1);
    }

    [Theory]
    [InlineData("{", "line 1")]
    [InlineData("[]", "at $: is not an object")]
    [InlineData("""{}""", "at $: has no 'version'")]
    [InlineData("""{"version":2}""", "at $.version: is 2; 1 is read")]
    [InlineData("""{"version":"1"}""", "at $.version: is 1, not a whole number")]
    [InlineData("""{"version":1,"pases":[]}""", "at $.pases: is not known here; there may be version, model, passes")]
    [InlineData("""{"version":1,"passes":{}}""", "at $.passes: is not a list")]
    [InlineData("""{"version":1,"passes":[{}]}""", "at $.passes[0]: has no 'pass'")]
    [InlineData("""{"version":1,"passes":[{"pass":"tempscale"}]}""", "at $.passes[0].pass: is 'tempscale'; there are")]
    [InlineData("""{"version":1,"passes":[3]}""", "at $.passes[0]: is not an object")]
    [InlineData("""{"version":1,"passes":[{"pass":"latentAttention","weights":"w.npz","heads":0}]}""", "at $.passes[0].heads: is 0, not a whole number from 1")]
    [InlineData("""{"version":1,"passes":[{"pass":"latentAttention","weights":"w.npz","heads":4,"folded":1}]}""", "at $.passes[0].folded: is 1, not true or false")]
    [InlineData("""{"version":1,"passes":[{"pass":"latentAttention","weights":"absent.npz","heads":4}]}""", "absent.npz")]
    [InlineData("""{"version":1,"passes":[{"pass":"int8"},{"pass":"exit","layer":1}]}""", "at $.passes: quantise before another pass")]
    [InlineData("""{"version":1,"passes":[{"pass":"int8","weightBits":4}]}""", "at $.passes[0].weightBits: is 4, not a whole number from 7 to 8")]
    [InlineData("""{"version":1,"passes":[{"pass":"tempScale","temperature":0}]}""", "at $.passes[0].temperature: is 0, not a number from 0.01")]
    [InlineData("""{"version":1,"passes":[{"pass":"layerMix","layers":[{"layer":1}]}]}""", "at $.passes[0].layers[0]: has no 'weight'")]
    [InlineData("""{"version":1,"instruction":"weak"}""", "at $.instruction: is weak; it may be official, strict")]
    [InlineData("""{"version":1,"model":7}""", "at $.model: is 7, not a text")]
    [InlineData("""{"version":1,"dimensions":0}""", "at $.dimensions: is 0, not a whole number from 1")]
    [InlineData("""{"version":1,"queries":[{"name":"a"},{"name":"a","prompt":"q: "}]}""", "at $.queries: has 2 variants of the name 'a'")]
    [InlineData("""{"version":1,"queries":[{"name":"a"}],"default":"b"}""", "at $.default: is 'b', which is none of the query variants a")]
    [InlineData("""{"version":1,"queries":[{"name":"a","passes":[{"pass":"exit","layer":1}]}]}""", "at $.queries[0].measured: is missing: what leaves the model earlier")]
    [InlineData("""{"version":1,"queries":[{"name":"a","dimensions":8}]}""", "Write this entry with 'retrieval model tiers")]
    [InlineData("""{"version":1,"queries":[{"name":"a","passes":[{"pass":"int8"}]}]}""", "at $.queries[0].passes: quantise a variant alone")]
    [InlineData("""{"version":1,"queries":[{"name":"a","model":"b","dimensions":8}]}""", "at $.queries[0].dimensions: stands beside 'model'")]
    [InlineData("""{"version":1,"queries":[{"name":"a","prompt":"q: ","template":"q {text}"}]}""", "at $.queries[0].template: stands beside 'prompt'")]
    [InlineData("""{"version":1,"queries":[{"name":"a","template":"q"}]}""", "at $.queries[0].template: is 'q', in which {text} does not stand once")]
    [InlineData("""{"version":1,"template":"{text} {text}"}""", "at $.template: is '{text} {text}', in which {text} does not stand once")]
    [InlineData("""{"version":1,"passes":[{"pass":"tokenPrepending"}]}""", "at $.passes[0]: has no 'placeholder'")]
    [InlineData("""{"version":1,"passes":[{"pass":"tokenPrepending","placeholder":"x","start":-1}]}""", "at $.passes[0].start: is -1, not a whole number from 0")]
    [InlineData("""{"version":1,"passes":[{"pass":"multiLayerPooling","weights":"w.npz","heads":4,"mode":"max"}]}""", "at $.passes[0].mode: is max; it may be mean, lasttoken")]
    [InlineData("""{"version":1,"queries":[{"prompt":"a"}]}""", "at $.queries[0]: has no 'name'")]
    [InlineData("""{"version":1,"queries":[{"name":"a","model":"b"}]}""", "at $.queries[0].measured: is missing")]
    [InlineData("""{"version":1,"queries":[{"name":"a","measured":{"documents":"x"}}]}""", "at $.queries[0].measured: has no 'queries'")]
    public void What_is_wrong_is_named_by_its_place_and_value(string content, string expected)
    {
        Write(content);
        string message = Should.Throw<ModelFormatException>(() => RetrievalFile.Read(_folder.Path)).Message;
        message.ShouldContain(expected);
        message.ShouldContain(_folder.Path);
    }

    private void Write(string content)
    {
        File.WriteAllText(_folder["retrieval.json"], content);
        File.WriteAllText(_folder["w.npz"], "");
    }
}
