using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.UnitTests.Contracts;

public sealed class VectorSpaceTests
{
    // Collections on disk keep this id: if it changes, every stored vector is refused.
    private const string Pinned = "e609a9115f05d4a974c876f2cf765650";

    private static readonly VectorSpace Space = new()
    {
        Weights = new string('a', 64),
        Tokenizer = new string('b', 64),
        DocumentTemplate = VectorSpace.TitleAndText,
        MaxTokens = 256,
        Dimensions = 384,
        Pooling = "mean",
        PostProcessing = ["dense:" + new string('c', 64), "normalize"],
    };

    private static readonly VectorSpace[] OneChangeEach =
    [
        Space with { Weights = "x" },
        Space with { Tokenizer = "x" },
        Space with { DocumentTemplate = "passage: {title} {text}" },
        Space with { MaxTokens = 257 },
        Space with { Layer = 6 },
        Space with { Layer = 0 },
        Space with { Dimensions = 383 },
        Space with { Pooling = "cls" },
        Space with { PostProcessing = ["normalize"] },
        Space with { PostProcessing = [] },
        Space with { PostProcessing = ["normalize", "dense:" + new string('c', 64)] },
    ];

    [Fact]
    public void The_id_of_a_space_never_changes() => Space.Id.ShouldBe(Pinned);

    [Fact]
    public void Every_field_changes_the_id()
    {
        string[] ids = [Space.Id, .. OneChangeEach.Select(s => s.Id)];
        ids.ShouldBeUnique();
        OneChangeEach.ShouldAllBe(s => !s.Equals(Space));
        // A field that is added later has to be in the list above.
        typeof(VectorSpace).GetProperties().Select(p => p.Name).Order().ShouldBe(
            ["Dimensions", "DocumentTemplate", "Id", "Layer", "MaxTokens", "Pooling", "PostProcessing", "Tokenizer", "Weights"]);
    }

    [Fact]
    public void A_changed_copy_of_a_space_whose_id_was_read_has_its_own_id()
    {
        VectorSpace copy = Space with { };
        _ = copy.Id;
        (copy with { Dimensions = 128 }).Id.ShouldNotBe(copy.Id);
        (copy with { Dimensions = 128 } with { Dimensions = 384 }).Id.ShouldBe(copy.Id);
    }

    [Fact]
    public void Text_that_moves_over_the_border_of_two_fields_changes_the_id()
    {
        string[] ids =
        [
            (Space with { Weights = "a\nb", Tokenizer = "c" }).Id, (Space with { Weights = "a", Tokenizer = "b\nc" }).Id, (Space with { Weights = "a\\nb", Tokenizer = "c" }).Id,
            (Space with { Pooling = "a", PostProcessing = ["b", "c"] }).Id, (Space with { Pooling = "a\nb", PostProcessing = ["c"] }).Id, (Space with { Pooling = "a", PostProcessing = ["b\nc"] }).Id,
            (Space with { DocumentTemplate = "a\n1" }).Id, (Space with { DocumentTemplate = "a\\n1" }).Id,
            (Space with { PostProcessing = [""] }).Id, (Space with { PostProcessing = [] }).Id,
        ];
        ids.ShouldBeUnique();
    }

    [Fact]
    public void Spaces_are_equal_when_their_ids_are()
    {
        VectorSpace same = Space with { PostProcessing = [.. Space.PostProcessing] };
        same.ShouldBe(Space);
        same.GetHashCode().ShouldBe(Space.GetHashCode());
        Space.Equals(null).ShouldBeFalse();
    }

    [Fact]
    public void A_space_comes_back_from_the_wire_with_its_id()
    {
        string json = JsonSerializer.Serialize(Space, WireJson.Strict.VectorSpace);
        JsonSerializer.Deserialize(json, WireJson.Strict.VectorSpace)!.Id.ShouldBe(Space.Id);
        JsonSerializer.Deserialize(json, WireJson.Lenient.VectorSpace)!.Id.ShouldBe(Space.Id);
    }

    [Fact]
    public void A_vector_of_another_space_is_refused_with_both_ids()
    {
        VectorSpace.Require("one", "one", "The query");
        Problem problem = Should.Throw<RetrievalException>(() => VectorSpace.Require("one", "two", "The query")).Problem;
        (problem.Kind, problem.Value, problem.Limit).ShouldBe((ErrorKind.SpaceMismatch, "two", "one"));
        problem.Detail.ShouldBe("The query is in vector space two, but the collection stores vectors of space one.");
        problem.Help.ShouldNotBeNull();
    }

    [Theory]
    [InlineData(null, "text", "text")]
    [InlineData(" ", "text", "text")]
    [InlineData("Title", "text", "Title text")]
    public void A_title_goes_before_the_text(string? title, string text, string joined) => VectorSpace.Join(title, text).ShouldBe(joined);
}
