using System.Reflection;
using System.Text.Json;
using Retrieval.Tests.Data;
using Retrieval.UnitTests.Onnx.Heads;

namespace Retrieval.UnitTests.Onnx;

/// <summary>Nothing of the goldens is left out: each technique has a test that compares every array of its cases for every export form, and closes its account.</summary>
public sealed class GoldenCoverageTests
{
    private static readonly Dictionary<string, (Type Class, string Test)> Runners = new()
    {
        ["base"] = (typeof(PassGoldenTests), nameof(PassGoldenTests.A_model_that_was_written_again_gives_the_base_vectors)),
        ["hidden_states"] = (typeof(PassGoldenTests), nameof(PassGoldenTests.Every_layers_states_are_the_reference)),
        ["tempscale"] = (typeof(PassGoldenTests), nameof(PassGoldenTests.Temperature_gives_the_reference_for_all_layers_and_for_some)),
        ["exit"] = (typeof(PassGoldenTests), nameof(PassGoldenTests.Exits_after_every_layer_pool_to_the_reference)),
        ["bidirectional"] = (typeof(PassGoldenTests), nameof(PassGoldenTests.A_decoder_without_its_causal_mask_gives_the_reference_or_is_refused)),
        ["token_prepending"] = (typeof(PassGoldenTests), nameof(PassGoldenTests.Token_prepending_gives_the_reference_for_both_padding_sides)),
        ["packing"] = (typeof(PassGoldenTests), nameof(PassGoldenTests.Packed_rows_give_the_reference)),
        ["pooling"] = (typeof(PoolingPassTests), nameof(PoolingPassTests.Every_mode_gives_the_goldens_in_every_form)),
        ["leaf"] = (typeof(PoolingPassTests), nameof(PoolingPassTests.Dense_layers_with_and_without_bias_give_the_goldens_in_every_form)),
        ["latent_attention"] = (typeof(LatentAttentionPassTests), nameof(LatentAttentionPassTests.Folded_and_unfolded_give_the_goldens_in_every_form)),
        ["instruction_mean"] = (typeof(LatentAttentionPassTests), nameof(LatentAttentionPassTests.Instruction_tokens_are_left_out_officially_and_strictly)),
        ["multilayer_pooling"] = (typeof(MultiLayerPoolingTests), nameof(MultiLayerPoolingTests.Every_form_gives_the_goldens)),
    };

    // Embeddings of real models, by the folder of shared/models that has them and the tests that name their array.
    private static readonly Dictionary<string, (string Folder, string[] Tests)> RealModels = new()
    {
        ["bge-small-en-v1.5 fp32"] = ("bge-small-en-v1.5", ["Quality/GoldenTests.cs", "Quality/UpgradeTests.cs", "UnitTests/Onnx/RealModelPassTests.cs"]),
        ["all-MiniLM-L6-v2 quantised"] = ("all-MiniLM-L6-v2-int8", ["Quality/GoldenTests.cs"]),
    };

    // Weights that nobody has here. What is near them (the shipped int8 of MiniLM) is compared in Quality/UpgradeTests.
    private static readonly Dictionary<string, string> Absent = new()
    {
        ["all-MiniLM-L6-v2 fp32"] = "all-MiniLM-L6-v2-fp32", ["bge-small-en-v1.5 quantised"] = "bge-small-en-v1.5-int8", ["e5-small-v2 quantised"] = "e5-small-v2",
    };

    [Fact]
    public void Every_case_has_a_test_that_compares_it_for_every_form_of_its_model()
    {
        HashSet<string> models = [.. Goldens.Instance.Models];
        foreach (GoldenCase golden in Goldens.Instance.All)
        {
            if (models.Contains(golden.Model))
            {
                (Type type, string test) = Runners.GetValueOrDefault(golden.Technique);
                type.ShouldNotBeNull($"{golden.Id}: nothing compares technique '{golden.Technique}'");
                type.GetMethod(test)!.GetCustomAttributes<FactAttribute>(true).ShouldHaveSingleItem(golden.Id);
            }
            else if (RealModels.TryGetValue(golden.Model, out (string Folder, string[] Tests) real))
            {
                string key = golden.Expected.Single();
                real.Tests.ShouldContain(t => Names(t, key), $"{golden.Id}: no test of {real.Folder} names '{key}'");
            }
            else
            {
                Absent.ShouldContainKey(golden.Model, $"{golden.Id}: its model has no test");
                TestData.FindShared("models", Absent[golden.Model]).ShouldBeNull($"{golden.Id} can be compared: its model is there");
            }
        }
    }

    [Fact]
    public void Every_file_of_a_model_is_a_form_of_the_manifest()
    {
        foreach (string model in Goldens.Instance.Models)
        {
            Goldens.Instance.FormsOf(model).Select(f => f.Name).Order(StringComparer.Ordinal)
                .ShouldBe(Directory.GetFiles(Path.Combine(Goldens.Folder, model), "*.onnx").Select(Path.GetFileName).Order(StringComparer.Ordinal), model);
        }
    }

    [Fact]
    public void Every_array_of_the_other_heads_is_named_by_their_tests()
    {
        string tests = File.ReadAllText(TestData.InRepository("tests", "UnitTests", "Onnx", "Heads", "OtherHeadTests.cs"));
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Shared.Require("golden", "bert_heads"), "manifest.json")));
        foreach (string array in manifest.RootElement.GetProperty("arrays").EnumerateObject().Select(a => a.Name))
        {
            // Scores and logits are asked for by the head's name and theirs.
            string[] words = array.Split('.');
            (tests.Contains($"\"{array}\"", StringComparison.Ordinal) || (tests.Contains($"InlineData(\"{words[0]}\")", StringComparison.Ordinal) && tests.Contains($$"""{head}.{{words[1]}}""", StringComparison.Ordinal))).ShouldBeTrue($"{array} is compared nowhere");
        }
    }

    /// <summary>Whether a test's source has an array's name, or its beginning where the ending is put behind it.</summary>
    private static bool Names(string file, string key)
    {
        string source = File.ReadAllText(TestData.InRepository(["tests", .. file.Split('/')]));
        return source.Contains($"\"{key}\"", StringComparison.Ordinal) || (key.EndsWith(".embedding", StringComparison.Ordinal) && source.Contains($"\"{key[..^".embedding".Length]}\"", StringComparison.Ordinal));
    }
}
