using System.Net;
using System.Text;
using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.UnitTests.Contracts;

public sealed class ErrorTests
{
    [Theory]
    [InlineData(ErrorKind.Invalid, 400, false)]
    [InlineData(ErrorKind.Unauthorized, 401, false)]
    [InlineData(ErrorKind.Forbidden, 403, false)]
    [InlineData(ErrorKind.NotFound, 404, false)]
    [InlineData(ErrorKind.Conflict, 409, false)]
    [InlineData(ErrorKind.SpaceMismatch, 409, false)]
    [InlineData(ErrorKind.TooLarge, 413, false)]
    [InlineData(ErrorKind.Overloaded, 429, true)]
    [InlineData(ErrorKind.Unavailable, 503, true)]
    [InlineData(ErrorKind.Internal, 500, true)]
    public void Each_kind_has_its_status(ErrorKind kind, int status, bool transient)
    {
        (kind.Status(), kind.IsTransient()).ShouldBe((status, transient));
        new Problem(kind, "detail").Status.ShouldBe(status);
    }

    [Fact]
    public void The_table_above_names_every_kind() => Enum.GetValues<ErrorKind>().Length.ShouldBe(10);

    public static TheoryData<ErrorKind> Kinds => new(Enum.GetValues<ErrorKind>());

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_problem_crosses_the_wire_unchanged(ErrorKind kind)
    {
        foreach (Problem problem in new[] { new Problem(kind, "It \"broke\" at größe <1>."), new Problem(kind, "Detail.", "field", "value", "limit", "Help.") })
        {
            using HttpResponseMessage response = Answer((HttpStatusCode)kind.Status(), JsonSerializer.Serialize(ProblemBody.Of(problem), WireJson.Strict.ProblemBody));
            (await Thrown(response)).ShouldBe(problem);
        }
    }

    [Fact]
    public void The_body_of_a_problem_has_the_words_of_the_wire()
    {
        string json = JsonSerializer.Serialize(ProblemBody.Of(new Problem(ErrorKind.TooLarge, "Größe > 5", "Text", "6", "5", "Cut it.")), WireJson.Strict.ProblemBody);
        json.ShouldBe("""{"type":"urn:retrieval:problem:TooLarge","title":"TooLarge","status":413,"detail":"Größe > 5","kind":"TooLarge","field":"Text","value":"6","limit":"5","help":"Cut it."}""");
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable, "<html>", "text/html", ErrorKind.Unavailable)]
    [InlineData(HttpStatusCode.BadGateway, "", "text/plain", ErrorKind.Unavailable)]
    [InlineData(HttpStatusCode.GatewayTimeout, "{\"detail\":", ProblemBody.MediaType, ErrorKind.Unavailable)]
    [InlineData(HttpStatusCode.InternalServerError, "[]", ProblemBody.MediaType, ErrorKind.Internal)]
    [InlineData(HttpStatusCode.InternalServerError, "null", ProblemBody.MediaType, ErrorKind.Internal)]
    [InlineData(HttpStatusCode.Conflict, "{\"kind\":\"Conflict\"}", ProblemBody.MediaType, ErrorKind.Internal)]
    public async Task An_answer_that_is_no_problem_body_becomes_one_that_names_the_address(HttpStatusCode status, string body, string mediaType, ErrorKind kind)
    {
        using HttpResponseMessage response = Answer(status, body, mediaType);
        response.RequestMessage = new HttpRequestMessage(HttpMethod.Get, "http://peer/internal/embed");
        Problem problem = await Thrown(response);
        problem.Kind.ShouldBe(kind);
        problem.Detail.ShouldStartWith($"http://peer/internal/embed answered {(int)status}");
    }

    [Fact]
    public async Task A_kind_of_a_newer_server_still_brings_its_status()
    {
        using HttpResponseMessage response = Answer(HttpStatusCode.ServiceUnavailable, """{"kind":"Hibernating","detail":"Asleep.","more":1}""");
        (await Thrown(response)).Kind.ShouldBe(ErrorKind.Unavailable);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_unavailable_and_named()
    {
        using HttpClient client = new(new Broken()) { BaseAddress = new Uri("http://peer:5001") };
        using HttpRequestMessage request = new(HttpMethod.Get, "/x");
        RetrievalException exception = await Should.ThrowAsync<RetrievalException>(() => ProblemBody.SendAsync(client, request, CancellationToken.None));
        (exception.Problem.Kind, exception.Problem.Value).ShouldBe((ErrorKind.Unavailable, "http://peer:5001/"));
        exception.InnerException.ShouldBeOfType<HttpRequestException>();
    }

    [Fact]
    public async Task A_good_answer_passes()
    {
        using HttpResponseMessage response = new(HttpStatusCode.Accepted);
        await ProblemBody.ThrowIfFailedAsync(response, CancellationToken.None);
    }

    [Fact]
    public void One_line_has_the_detail_and_the_way_out()
    {
        new Problem(ErrorKind.Invalid, "Bad.", Help: "Do better.").ToString().ShouldBe("Bad. Do better.");
        new RetrievalException(ErrorKind.Invalid, "Bad.").Message.ShouldBe("Bad.");
    }

    private static HttpResponseMessage Answer(HttpStatusCode status, string body, string mediaType = ProblemBody.MediaType) =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, mediaType) };

    private static async Task<Problem> Thrown(HttpResponseMessage response) =>
        (await Should.ThrowAsync<RetrievalException>(() => ProblemBody.ThrowIfFailedAsync(response, CancellationToken.None))).Problem;

    private sealed class Broken : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw new HttpRequestException("refused");
    }
}
