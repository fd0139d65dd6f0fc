using Retrieval.Contracts;
using Retrieval.Host;

namespace Retrieval.UnitTests.Host;

public sealed class SettingsTests
{
    [Fact]
    public void Nothing_set_means_every_role_with_its_defaults()
    {
        Settings settings = Load();
        settings.Roles.ShouldBe(Enum.GetValues<Role>(), ignoreOrder: true);
        settings.Urls.ShouldBe(Settings.DefaultUrls);
        settings.Gateway.MaxDocumentBytes.ShouldBe(32 << 20);
        settings.Encoder.Models.ShouldBeEmpty();
    }

    [Fact]
    public void Nested_lists_and_numbers_are_read()
    {
        Settings settings = Load(("Encoder:Models:0:Path", "/m/a"), ("Encoder:Models:1:Path", "/m/b"), ("Encoder:Models:1:MaxTokens", "64"), ("Gateway:Fusion:K", "3.5"), ("Roles", "Gateway, ingestion,encoder,compression"));
        settings.Encoder.Models.Select(m => m.Path).ShouldBe(["/m/a", "/m/b"]);
        settings.Encoder.Models[1].MaxTokens.ShouldBe(64);
        settings.Gateway.Fusion.K.ShouldBe(3.5);
    }

    [Fact]
    public void Every_error_is_told_at_once_with_the_nearest_name()
    {
        string message = Should.Throw<RetrievalException>(() => Load(("Gatway:MaxTop", "5"), ("Gateway:MaxTopp", "5"), ("Gateway:WaitSeconds", "0"), ("Encoder:Provider", "tpu"), ("Encoder:Threads", "many"),
            ("Encoder:Models:0:Name", "x"), ("Storage:Foldr", "y"), ("Queue:Transport", "pigeon"))).Message;
        message.ShouldContain("8 settings are wrong");
        message.ShouldContain("Did you mean 'Gateway'?");
        message.ShouldContain("Did you mean 'MaxTop'?");
        message.ShouldContain("Gateway:WaitSeconds = '0'");
        message.ShouldContain("auto, cpu or cuda");
        message.ShouldContain("Encoder:Threads");
        message.ShouldContain("Encoder:Models:0:Path");
        message.ShouldContain("Did you mean 'Folder'?");
        message.ShouldContain("Queue:Transport");
    }

    [Theory]
    [InlineData("gateway,ingestion,compression", "Peers:Encoder:Urls:0")]
    [InlineData("gateway,encoder,compression", "run both in it")]
    [InlineData("ingestion,encoder,compression", "run both in it")]
    [InlineData("gateway,ingestion,encoder", "Peers:Compression:Urls:0")]
    [InlineData("compression", "needs an encoder")]
    [InlineData("gateway,cook", "'cook' is not a role")]
    public void A_subset_of_roles_that_cannot_work_says_why(string roles, string expected) =>
        Should.Throw<RetrievalException>(() => Load(("Roles", roles))).Message.ShouldContain(expected);

    [Fact]
    public void A_subset_with_its_peers_is_accepted() =>
        Load(("Roles", "gateway,ingestion,compression"), ("Peers:Encoder:Urls:0", "http://localhost:1")).Peers[Role.Encoder].Urls.ShouldBe(["http://localhost:1"]);

    private static Settings Load(params (string Key, string Value)[] flags) => Settings.Load(flags.Select(f => KeyValuePair.Create<string, string?>(f.Key, f.Value)));
}
