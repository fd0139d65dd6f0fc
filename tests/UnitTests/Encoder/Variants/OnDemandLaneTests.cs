using Retrieval.Contracts;
using Retrieval.Encoder;

namespace Retrieval.UnitTests.Encoder.Variants;

public sealed class OnDemandLaneTests
{
    [Fact]
    public void A_tier_that_could_not_be_opened_says_why_and_is_tried_again_by_the_next()
    {
        int tries = 0;
        OnDemandLane lane = new(() => ++tries == 1 ? throw new IOException("the file is away") : throw new ModelFormatException("model.onnx", "is cut off"));
        Should.Throw<RetrievalException>(() => lane.Value).Problem.ShouldSatisfyAllConditions(p => p.Kind.ShouldBe(ErrorKind.Unavailable), p => p.Detail.ShouldContain("the file is away"));
        Should.Throw<RetrievalException>(() => lane.Value).Problem.Detail.ShouldContain("is cut off");
        (tries, lane.Started).ShouldBe((2, null));
    }
}
