using Microsoft.Extensions.DependencyInjection;
using Retrieval.Contracts;
using Retrieval.IntegrationTests.Dialects;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Roles;

/// <summary>What every encoder has to do, for the one in this process and the one behind HTTP.</summary>
public abstract class EncoderContract(ModelServer server)
{
    private static readonly string[] Texts = ["A lamp.", "", "Ein längerer Satz über 🍃 und das Licht am Ende des Tunnels."];

    protected ModelServer Server { get; } = server;

    protected abstract IEncoder Encoder { get; }

    private IEncoder Local => Server.Services.GetRequiredService<IEncoder>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_lists_and_describes_its_models()
    {
        IReadOnlyList<EncoderDescription> models = await Encoder.ListAsync(Cancel);
        models[0].Model.ShouldBe(ModelServer.Dense);
        models[0].Prompts.ShouldBe(["query", "title"]);
        foreach (EncoderDescription model in models)
        {
            EncoderDescription one = await Encoder.DescribeAsync(model.Model, Cancel), local = await Local.DescribeAsync(model.Model, Cancel);
            (one.Model, one.Kind, one.Space.Id, one.QueryPrompt, one.SpecialTokens, one.Provider).ShouldBe((local.Model, local.Kind, local.Space.Id, local.QueryPrompt, local.SpecialTokens, local.Provider));
            one.Labels.ShouldBe(local.Labels);
        }
    }

    [Fact]
    public async Task It_gives_the_vectors_of_texts_sides_and_prompts_in_order()
    {
        foreach (EmbedRequest request in (EmbedRequest[])[new(Texts), new(Texts, InputKind.Query), new(Texts, InputKind.Document, ModelServer.Dense), new(Texts) { PromptName = "title" }, new(Texts) { Prompt = "my " }, new([]) { Ids = [[101, 1037, 102], [1037]] }, new(Texts) { Normalize = false }])
        {
            EmbedResult result = await Encoder.EmbedAsync(request, Cancel), local = await Local.EmbedAsync(request, Cancel);
            (result.Space, result.Vectors.Count).ShouldBe((local.Space, request.Ids?.Count ?? Texts.Length));
            result.Tokens.ShouldBe(local.Tokens);
            for (int i = 0; i < result.Vectors.Count; i++)
            {
                result.Vectors[i].ShouldBe(local.Vectors[i]);
            }
        }
    }

    [Fact]
    public async Task It_gives_token_vectors_states_and_pooled_ones_with_offsets()
    {
        foreach (EmbedRequest request in (EmbedRequest[])[new(Texts), new(Texts) { States = true }, new(Texts) { Pool = 3 }])
        {
            EmbedTokensResult result = await Encoder.EmbedTokensAsync(request, Cancel), local = await Local.EmbedTokensAsync(request, Cancel);
            for (int i = 0; i < Texts.Length; i++)
            {
                result.Texts[i].Values.ShouldBe(local.Texts[i].Values);
                result.Texts[i].Starts.ShouldBe(local.Texts[i].Starts);
                result.Texts[i].Ends.ShouldBe(local.Texts[i].Ends);
            }
        }
        TokenVectors tokens = (await Encoder.EmbedTokensAsync(new EmbedRequest(Texts), Cancel)).Texts[0];
        (tokens.Starts.Length, Texts[0][tokens.Starts[1]..tokens.Ends[1]]).ShouldBe((3, "lamp"));
    }

    [Fact]
    public async Task It_matches_tokens_of_a_query_with_those_of_texts()
    {
        MatchResult result = await Encoder.MatchAsync(new MatchRequest("What gives light?", Texts), Cancel);
        EmbedTokensResult query = await Encoder.EmbedTokensAsync(new EmbedRequest(["What gives light?"], InputKind.Query), Cancel), texts = await Encoder.EmbedTokensAsync(new EmbedRequest(Texts), Cancel);
        for (int i = 0; i < Texts.Length; i++)
        {
            (TokenMatches matches, TokenVectors text) = (result.Texts[i], texts.Texts[i]);
            (matches.QueryTokens, matches.Cosines.Length).ShouldBe((query.Texts[0].Starts.Length, query.Texts[0].Starts.Length * text.Starts.Length));
            matches.Starts.ShouldBe(text.Starts);
            matches.Ends.ShouldBe(text.Ends);
            for (int c = 0; c < matches.Cosines.Length; c++)
            {
                int width = text.Dimensions, q = c % matches.QueryTokens * width, t = c / matches.QueryTokens * width;
                matches.Cosines[c].ShouldBe(text.Values[t..(t + width)].Zip(query.Texts[0].Values[q..(q + width)], (a, b) => a * b).Sum(), 1e-5f);
            }
        }
    }

    [Fact]
    public async Task It_pools_the_parts_of_a_text_that_were_read_together()
    {
        const string Text = "A lamp stands here. It gives light.";
        EmbedResult parts = await Encoder.EmbedAsync(new EmbedRequest([Text, Text], InputKind.Document) { Spans = [[new TextSpan(0, 19), new TextSpan(20, Text.Length)], [new TextSpan(0, Text.Length)]] }, Cancel);
        parts.Vectors.Count.ShouldBe(3);
        parts.Vectors[2].ShouldBe((await Encoder.EmbedAsync(new EmbedRequest([Text], InputKind.Document), Cancel)).Vectors[0]);
        parts.Vectors[0].ShouldNotBe((await Encoder.EmbedAsync(new EmbedRequest([Text[..19]], InputKind.Document), Cancel)).Vectors[0]);
    }

    [Fact]
    public async Task It_scores_by_late_interaction_and_by_a_cross_encoder()
    {
        ScoreResult late = await Encoder.ScoreAsync(new ScoreRequest("What gives light?", Texts, ModelServer.Dense), Cancel);
        late.Scores.Count.ShouldBe(3);
        late.Scores[0].ShouldBeGreaterThan(late.Scores[1]);
        Shared.Require("golden", "bert_heads");
        ScoreResult pairs = await Encoder.ScoreAsync(new ScoreRequest("t5", ["t6 t7", "t8"], ModelServer.CrossEncoder), Cancel), raw = await Encoder.ScoreAsync(new ScoreRequest("t5", ["t6 t7", "t8"], ModelServer.CrossEncoder) { Raw = true }, Cancel);
        pairs.Tokens.ShouldBe([3, 2]);
        pairs.Scores.Zip(raw.Scores).ShouldAllBe(s => Math.Abs(s.First - 1 / (1 + MathF.Exp(-s.Second))) < 1e-6f);
    }

    [Fact]
    public async Task It_gives_sparse_vectors_and_labels()
    {
        Shared.Require("golden", "bert_heads");
        SparseVector sparse = (await Encoder.EmbedSparseAsync(new EmbedRequest(["t5 t6"]) { Top = 4 }, Cancel)).Vectors[0], local = (await Local.EmbedSparseAsync(new EmbedRequest(["t5 t6"]) { Top = 4 }, Cancel)).Vectors[0];
        sparse.Indices.ShouldBe(local.Indices);
        sparse.Values.ShouldBe(local.Values);
        ClassifyResult labels = await Encoder.ClassifyAsync(new ClassifyRequest([new TextPair("t5"), new TextPair("t5", "t6")]), Cancel);
        labels.Labels.ShouldBe(["calm", "glad", "sad"]);
        labels.Scores.ShouldAllBe(s => s.Length == 3 && Math.Abs(s.Sum() - 1) < 1e-5f);
    }

    [Theory]
    [InlineData("model", ErrorKind.NotFound)]
    [InlineData("dimensions", ErrorKind.Invalid)]
    [InlineData("prompt_name", ErrorKind.Invalid)]
    [InlineData("texts", ErrorKind.Invalid)]
    [InlineData("ids", ErrorKind.Invalid)]
    public async Task It_refuses_in_the_same_words(string field, ErrorKind kind)
    {
        EmbedRequest request = field switch
        {
            "model" => new EmbedRequest(Texts, Model: "none"),
            "dimensions" => new EmbedRequest(Texts) { Dimensions = 5 },
            "prompt_name" => new EmbedRequest(Texts) { PromptName = "none" },
            "ids" => new EmbedRequest([]) { Ids = [[int.MaxValue]] },
            _ => new EmbedRequest([]),
        };
        Problem problem = (await Should.ThrowAsync<RetrievalException>(Encoder.EmbedAsync(request, Cancel))).Problem, local = (await Should.ThrowAsync<RetrievalException>(Local.EmbedAsync(request, Cancel))).Problem;
        (problem.Kind, problem.Field).ShouldBe((kind, field));
        problem.ShouldBe(local);
    }

    [Fact]
    public async Task It_stops_when_it_is_told() => await Should.ThrowAsync<OperationCanceledException>(Encoder.EmbedAsync(new EmbedRequest(Texts), new CancellationToken(true)));
}

public sealed class LocalEncoderContractTests(ModelServer server) : EncoderContract(server), IClassFixture<ModelServer>
{
    protected override IEncoder Encoder => Server.Services.GetRequiredService<IEncoder>();
}

public sealed class HttpEncoderContractTests(ModelServer server) : EncoderContract(server), IClassFixture<ModelServer>, IDisposable
{
    private readonly HttpClient _client = new() { BaseAddress = server.Address };

    protected override IEncoder Encoder => new HttpEncoder(_client);

    public void Dispose() => _client.Dispose();
}
