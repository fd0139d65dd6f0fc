using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Retrieval.Contracts;
using Retrieval.Gateway;

namespace Retrieval.UnitTests.Gateway;

public sealed class NamesTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("A-b_c.d9")]
    [InlineData("documents")]
    public void A_collection_may_be_called(string name)
    {
        Names.Collection(name).ShouldBe(name);
        Names.Collection(new string('a', 128)).Length.ShouldBe(128);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".a")]
    [InlineData("-a")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("ä")]
    [InlineData("a\n")]
    [InlineData("\na")]
    [InlineData("a\0")]
    public void A_collection_may_not_be_called(string name)
    {
        Refused(() => Names.Collection(name)).Field.ShouldBe("collection");
        Problem longest = Refused(() => Names.Collection(new string('a', 5000)));
        longest.Detail.Length.ShouldBeLessThan(200);
        longest.Limit!.ShouldContain("128");
    }

    [Fact]
    public void A_document_id_has_1_to_512_characters_and_no_control_characters()
    {
        foreach (string id in (string[])["a", " ", "a/b?c#d", "ä\U0001F600", new string('x', 512)])
        {
            Names.Document(id).ShouldBe(id);
        }
        foreach (string? id in (string?[])[null, "", "a\n", "\0", "\u0085", "\u007F", new string('x', 513)])
        {
            Problem problem = Refused(() => Names.Document(id));
            problem.Field.ShouldBe("id");
            (problem.Value?.Length ?? 0).ShouldBeLessThan(64);
        }
    }

    [Theory]
    [InlineData("/v1/collections/c/documents/a", "a")]
    [InlineData("/v1/collections/c/documents/a?wait=true&x=/documents/y", "a")]
    [InlineData("/v1/collections/c/documents/a%2Fb", "a/b")]
    [InlineData("/v1/collections/c/documents/a/b", "a/b")]
    [InlineData("/v1/collections/c/documents/a%252Fb", "a%2Fb")]
    [InlineData("/v1/collections/c/documents/a%3Fb%23+c%20d", "a?b#+c d")]
    [InlineData("/v1/collections/c/documents/%F0%9F%98%80%C3%A4", "\U0001F600ä")]
    [InlineData("/v1/collections/c/documents/documents/x", "documents/x")]
    [InlineData("/v1/collections/documents/documents/x", "x")]
    [InlineData("/v1/collections/documents/documents/documents/documents/x", "documents/documents/x")]
    [InlineData("http://host:80/v1/collections/c/documents/a", "a")]
    [InlineData("/base/v1/collections/c/documents/https%3A%2F%2Fexample.org%2Fcollections%2Fd%2Fdocuments%2Fe", "https://example.org/collections/d/documents/e")]
    public void The_id_in_the_path_is_taken_as_it_was_escaped(string target, string id) => Names.DocumentInPath(With(target)).ShouldBe(id);

    [Theory]
    [InlineData("/v1/collections/c/documents/")]
    [InlineData("/v1/collections/c/documents/a%00b")]
    [InlineData("/v1/collections/c/documents/%0A")]
    [InlineData("/v1/collections/c")]
    public void An_id_in_the_path_that_is_none_is_refused(string target) => Refused(() => Names.DocumentInPath(With(target))).Field.ShouldBe("id");

    private static DefaultHttpContext With(string target)
    {
        DefaultHttpContext context = new();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        return context;
    }

    private static Problem Refused(Func<string> name)
    {
        Problem problem = Should.Throw<RetrievalException>(name).Problem;
        problem.Kind.ShouldBe(ErrorKind.Invalid);
        return problem;
    }
}
