using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;
using Retrieval.UnitTests.Encoder.Upgrade;
using Retrieval.UnitTests.Onnx;

namespace Retrieval.UnitTests.Encoder.Heads;

/// <summary>Models with a head as they are served, against the goldens of PyTorch in double precision.</summary>
public sealed class HeadServingTests : IDisposable
{
    private const double Tolerance = 2e-5;
    private readonly string _goldens = Shared.Require("golden", "bert_heads");
    private readonly TemporaryFolder _folder = new();
    private readonly Npz _cases;
    private readonly int[] _lengths;

    public HeadServingTests()
    {
        _cases = Npz.Read(Path.Combine(_goldens, "cases.npz"));
        int columns = (int)_cases.Shape("in.input_ids")[1];
        _lengths = [.. _cases.Longs("in.attention_mask").Chunk(columns).Select(row => (int)row.Sum())];
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mlm", ModelKind.Sparse, 320, "")]
    [InlineData("crossencoder", ModelKind.CrossEncoder, 1, "LABEL_0")]
    [InlineData("classifier", ModelKind.Classifier, 3, "calm,glad,sad")]
    public async Task The_kind_is_read_from_the_folder(string head, ModelKind kind, int width, string labels)
    {
        using LocalEncoder encoder = Load(head);
        EncoderDescription model = (await encoder.ListAsync(default)).ShouldHaveSingleItem();
        (model.Kind, model.Space.Dimensions, string.Join(',', model.Labels)).ShouldBe((kind, width, labels));
    }

    [Theory]
    [InlineData(false, "crossencoder.scores")]
    [InlineData(true, "crossencoder.logits")]
    public async Task A_cross_encoder_scores_pairs_as_the_reference(bool raw, string golden)
    {
        using LocalEncoder encoder = Load("crossencoder");
        float[] expected = _cases.Floats(golden);
        for (int row = 0; row < _lengths.Length; row++)
        {
            (string first, string second) = Pair(row);
            ScoreResult result = await encoder.ScoreAsync(new ScoreRequest(first, [second]) { Raw = raw }, default);
            ((double)result.Scores[0]).ShouldBe(expected[row], Tolerance);
            result.Tokens[0].ShouldBe(_lengths[row]);
        }
    }

    [Theory]
    [InlineData(false, "classifier.scores")]
    [InlineData(true, "classifier.logits")]
    public async Task A_classifier_scores_its_labels_as_the_reference(bool raw, string golden)
    {
        using LocalEncoder encoder = Load("classifier");
        TextPair[] pairs = [.. Enumerable.Range(0, _lengths.Length).Select(row => Pair(row) is var (first, second) ? new TextPair(first, second) : null!)];
        ClassifyResult together = await encoder.ClassifyAsync(new ClassifyRequest(pairs, Raw: raw), default);
        Near.Largest([.. together.Scores.SelectMany(s => s)], _cases.Floats(golden)).ShouldBeLessThan(Tolerance);
        for (int row = 0; row < pairs.Length; row++)
        {
            Near.Largest((await encoder.ClassifyAsync(new ClassifyRequest([pairs[row]], Raw: raw), default)).Scores[0], together.Scores[row]).ShouldBeLessThan(2e-6);
        }
    }

    [Fact]
    public void Sparse_weights_are_those_of_the_reference()
    {
        EncoderOptions options = Options("mlm");
        using OpenedModel opened = ServedModel.Open(options.Models[0], options, NullLogger.Instance);
        using BatchBuffers buffers = new();
        int columns = (int)_cases.Shape("in.input_ids")[1];
        List<TextWork> batch = [.. _lengths.Select((length, row) => new TextWork(Row(row * columns, length), false, 0, CancellationToken.None))];
        opened.Documents.Run(batch, buffers);
        Near.Largest([.. batch.SelectMany(t => t.Done.Task.Result)], _cases.Floats("mlm.splade")).ShouldBeLessThan(Tolerance);
    }

    [Fact]
    public async Task A_sparse_vector_has_its_weights_above_zero_or_the_heaviest_and_is_the_same_in_company()
    {
        using LocalEncoder encoder = Load("mlm");
        string[] texts = ["t5 t9 t200", "t17", "t300 t301 t302 t303 t304"];
        EmbedSparseResult together = await encoder.EmbedSparseAsync(new EmbedRequest(texts), default), top = await encoder.EmbedSparseAsync(new EmbedRequest(texts) { Top = 7 }, default);
        for (int i = 0; i < texts.Length; i++)
        {
            SparseVector vector = together.Vectors[i], heaviest = top.Vectors[i], alone = (await encoder.EmbedSparseAsync(new EmbedRequest([texts[i]]), default)).Vectors[0];
            vector.Values.ShouldAllBe(v => v > 0);
            vector.Indices.ShouldBe(vector.Indices.Order());
            alone.Indices.ShouldBe(vector.Indices);
            Near.Largest([.. alone.Values], [.. vector.Values]).ShouldBeLessThan(2e-6);
            heaviest.Indices.Count.ShouldBe(7);
            heaviest.Indices.ShouldBe(heaviest.Indices.Order());
            heaviest.Values.Order().ShouldBe(vector.Values.OrderDescending().Take(7).Order());
        }
    }

    [Fact]
    public async Task A_pair_over_the_limit_is_cut_or_refused()
    {
        using LocalEncoder encoder = Load("crossencoder");
        string query = "t5 t6", tooLong = string.Join(' ', Enumerable.Range(0, 100).Select(i => $"t{i}")), fits = string.Join(' ', Enumerable.Range(0, 62).Select(i => $"t{i}"));
        ScoreResult result = await encoder.ScoreAsync(new ScoreRequest(query, [tooLong, fits]), default);
        (result.Tokens[0], result.Scores[0]).ShouldBe((64, result.Scores[1]));
        RetrievalException refused = await Should.ThrowAsync<RetrievalException>(encoder.ScoreAsync(new ScoreRequest(query, [fits, tooLong]) { Truncate = false }, default));
        refused.Problem.ShouldSatisfyAllConditions(p => p.Kind.ShouldBe(ErrorKind.Invalid), p => p.Detail.ShouldContain("Text 1 has 102 tokens"));
    }

    [Fact]
    public async Task Without_a_name_the_first_model_that_fits_is_taken()
    {
        using LocalEncoder encoder = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], Write("crossencoder"), Write("mlm"), TinyModel.Write(_folder["tiny"]), Write("classifier")), NullLogger.Instance);
        (await encoder.EmbedAsync(new EmbedRequest(["aa"]), default)).Vectors[0].Length.ShouldBe(64);
        (await encoder.EmbedSparseAsync(new EmbedRequest(["t5"]), default)).Space.ShouldBe((await encoder.DescribeAsync("mlm", default)).Space.Id);
        (await encoder.ScoreAsync(new ScoreRequest("t5", ["t6"]), default)).Space.ShouldBe((await encoder.DescribeAsync("crossencoder", default)).Space.Id);
        (await encoder.ScoreAsync(new ScoreRequest("aa", ["ab"], "tiny"), default)).Space.ShouldBe((await encoder.DescribeAsync(null, default)).Space.Id);
        (await encoder.ClassifyAsync(new ClassifyRequest([new TextPair("t5")]), default)).Labels.Count.ShouldBe(3);
    }

    [Theory]
    [InlineData("crossencoder", "embed", "is a cross-encoder, and an embedding model is needed.")]
    [InlineData("mlm", "embed", "is a sparse model, and an embedding model is needed.")]
    [InlineData("classifier", "sparse", "is a classifier, and a sparse model is needed.")]
    [InlineData("mlm", "score", "is a sparse model, and a cross-encoder is needed.")]
    [InlineData("mlm", "classify", "is a sparse model, and a classifier is needed.")]
    public async Task A_model_of_another_kind_is_refused_and_says_where_it_answers(string head, string use, string expected)
    {
        using LocalEncoder encoder = Load(head);
        Task Use(string? model) => use switch
        {
            "embed" => encoder.EmbedAsync(new EmbedRequest(["t5"], Model: model), default),
            "sparse" => encoder.EmbedSparseAsync(new EmbedRequest(["t5"], Model: model), default),
            "score" => encoder.ScoreAsync(new ScoreRequest("t5", ["t6"], model), default),
            _ => encoder.ClassifyAsync(new ClassifyRequest([new TextPair("t5")], model), default),
        };
        Problem named = (await Should.ThrowAsync<RetrievalException>(() => Use(head))).Problem;
        (named.Kind, named.Field).ShouldBe((ErrorKind.Invalid, "model"));
        named.Detail.ShouldContain(expected);
        named.Help!.ShouldContain("answers at /");
        (await Should.ThrowAsync<RetrievalException>(() => Use(null))).Problem.Detail.ShouldStartWith("No served model is ");
    }

    [Theory]
    [InlineData("config.json", """{"architectures":["LlamaForCausalLM"]}""", "LlamaForCausalLM")]
    [InlineData("modules.json", """[{"type":"sentence_transformers.sparse_encoder.models.MLMTransformer","path":""},{"type":"sentence_transformers.sparse_encoder.models.SpladePooling","path":"1"}]""", "'sum'")]
    [InlineData("retrieval.json", """{"version":1,"passes":[{"pass":"tempScale","temperature":0.9}]}""", "asks for an upgrade of a sparse model")]
    public void What_is_not_computed_is_refused(string file, string json, string expected)
    {
        string folder = Write("mlm");
        Directory.CreateDirectory(Path.Combine(folder, "1"));
        File.WriteAllText(Path.Combine(folder, "1", "config.json"), """{"pooling_strategy":"sum","activation_function":"relu"}""");
        File.WriteAllText(Path.Combine(folder, file), json);
        Should.Throw<RetrievalException>(() => LocalEncoder.Load(TinyModel.Options(_folder["compiled"], folder), NullLogger.Instance)).Message.ShouldContain(expected);
    }

    private (string First, string Second) Pair(int row)
    {
        int columns = (int)_cases.Shape("in.input_ids")[1], from = row * columns;
        long[] ids = _cases.Longs("in.input_ids")[from..(from + _lengths[row])], types = _cases.Longs("in.token_type_ids")[from..(from + _lengths[row])];
        int first = types.Count(t => t == 0);
        return (HeadModel.Text(ids[..first]), HeadModel.Text(ids[first..]));
    }

    private Encoding Row(int from, int length) => new([.. _cases.Longs("in.input_ids")[from..(from + length)].Select(i => (int)i)], [.. _cases.Longs("in.token_type_ids")[from..(from + length)].Select(i => (int)i)], new int[length], new int[length], new bool[length]);

    private string Write(string head) => HeadModel.Write(_folder[head], _goldens, head);

    private EncoderOptions Options(string head) => TinyModel.Options(_folder["compiled"], Write(head));

    private LocalEncoder Load(string head) => LocalEncoder.Load(Options(head), NullLogger.Instance);
}
