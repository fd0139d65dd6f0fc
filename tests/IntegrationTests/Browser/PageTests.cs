using System.Net;
using Microsoft.Playwright;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Browser;

/// <summary>The page at / in a real Chromium.</summary>
public sealed class PageTests : InProcessServer
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];
    private static readonly string? Chromium = Names.SelectMany(n => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(f => Path.Combine(f, n))).FirstOrDefault(File.Exists);
    private static readonly string[] Flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    protected override async Task FillAsync()
    {
        (await Api.PutAsync("/v1/collections/sample")).ShouldBe(HttpStatusCode.Created);
        (await Api.BulkAsync("sample", await File.ReadAllLinesAsync(TestData.InRepository("infra", "sample", "documents.ndjson")))).Lines.ShouldAllBe(l => l.String("status") == "indexed");
    }

    [Theory]
    [InlineData(1280, 900, ColorScheme.Light)]
    [InlineData(360, 740, ColorScheme.Dark)]
    public async Task A_question_shows_hits_and_a_context_with_links_to_them_at_any_width(int width, int height, ColorScheme scheme)
    {
        await OnPageAsync(width, height, scheme, async page =>
        {
            await page.GetByLabel("Question").FillAsync("Who discovered oxygen?");
            await page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
            await page.Locator("#hits article").First.WaitForAsync();
            (await page.Locator("#hits article").CountAsync()).ShouldBe(10);
            (await page.Locator("#hits article").First.InnerTextAsync()).ShouldContain("Oxygen");
            (await page.Locator("#hits mark").CountAsync()).ShouldBeGreaterThan(0);
            (await page.Locator("#context").InnerTextAsync()).ShouldStartWith("[1] ");
            (await page.Locator("#fits").InnerTextAsync()).ShouldMatch(@"^(1?\d?\d|200) of 200 tokens, \d+ citations$");
            (await page.Locator("#state").InnerTextAsync()).ShouldStartWith("10 passages in ");
            string target = (await page.Locator("#context a").First.GetAttributeAsync("href"))!;
            (await page.Locator(target).CountAsync()).ShouldBe(1);
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0, "no sideways scrolling");
            await page.ScreenshotAsync(new() { Path = Path.Combine(Output, $"page-{width}.png"), FullPage = false });
        });
    }

    [Fact]
    public async Task Keyboard_alone_is_enough_and_a_smaller_budget_gives_a_shorter_context()
    {
        await OnPageAsync(1000, 800, ColorScheme.Light, async page =>
        {
            await page.Keyboard.TypeAsync("What South African law recognized two types of schools?"); // the question has the focus
            await page.Keyboard.PressAsync("Enter");
            await page.Locator("#hits article").First.WaitForAsync();
            int longer = (await page.Locator("#context").InnerTextAsync()).Length;
            await page.GetByLabel("Context tokens").FillAsync("50");
            await Assertions.Expect(page.Locator("#fits")).ToContainTextAsync("of 50 tokens");
            (await page.Locator("#context").InnerTextAsync()).Length.ShouldBeLessThan(longer);
            IResponse asked = await page.RunAndWaitForResponseAsync(() => page.GetByLabel("Mode").SelectOptionAsync("lexical"), "**/search");
            (asked.Status, asked.Request.PostData!.Contains("\"mode\":\"lexical\"", StringComparison.Ordinal)).ShouldBe((200, true));
        });
    }

    /// <summary>Runs steps on the loaded page; a message in the console is a failure.</summary>
    private async Task OnPageAsync(int width, int height, ColorScheme scheme, Func<IPage, Task> steps)
    {
        Assert.SkipWhen(Chromium is null, "Needs chromium on the PATH (apt-get install chromium).");
        Directory.CreateDirectory(Output);
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = Flags, Timeout = 60_000 });
        IPage page = await browser.NewPageAsync(new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = scheme });
        List<string> messages = [];
        page.Console += (_, message) => messages.Add(message.Text);
        page.PageError += (_, error) => messages.Add(error);
        page.RequestFailed += (_, request) => messages.Add($"{request.Url}: {request.Failure}");
        await page.GotoAsync(Api.Http.BaseAddress!.ToString());
        await page.Locator("#collection option").First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await steps(page);
        messages.ShouldBeEmpty();
    }

    private static string Output => Path.Combine(AppContext.BaseDirectory, "screenshots");
}
