#:property PublishAot=false
// Reads the trx files below a folder: prints what was skipped and why, then the closing line. Exit code 1 when a test failed, when nothing ran,
// or when a test was skipped for another reason than one that begins with "Optional:", or with "Data:" where the folder shared is not beside the repository.
using System.Xml.Linq;

XNamespace trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
string[] files = Directory.Exists(args[0]) ? Directory.GetFiles(args[0], "*.trx", SearchOption.AllDirectories) : [];
XElement[] results = [.. files.SelectMany(file => XDocument.Load(file).Descendants(trx + "UnitTestResult"))];

(string Name, string Reason)[] skipped = [.. results.Where(r => Outcome(r) == "NotExecuted").Select(r => (Name(r), Reason(r))).OrderBy(s => s.Item1, StringComparer.Ordinal)];
string[] allowed = Directory.Exists("../shared") ? ["Optional:"] : ["Optional:", "Data:"];
(string Name, string Reason)[] refused = [.. skipped.Where(s => !Array.Exists(allowed, a => s.Reason.StartsWith(a, StringComparison.Ordinal)))];
string[] failed = [.. results.Where(r => Outcome(r) is not ("Passed" or "NotExecuted")).Select(Name).Order(StringComparer.Ordinal)];
int passed = results.Length - skipped.Length - failed.Length;

Print(skipped.Select(s => $"skipped: {s.Name}: {s.Reason}"));
Print(failed.Select(name => $"failed: {name}"));
Print(refused.Select(s => $"error: {s.Name} had to run here; only what is skipped as {string.Join(" or ", allowed)} may be left out."));
Print(passed + failed.Length == 0 ? [$"error: no test ran ({files.Length} result files in {args[0]})."] : []);
Print([$"Tests: {passed} passed, {failed.Length} failed, {skipped.Length} skipped"]);
return failed.Length > 0 || refused.Length > 0 || passed == 0 ? 1 : 0;

static string Outcome(XElement result) => result.Attribute("outcome")?.Value ?? "Error";

static string Name(XElement result) => result.Attribute("testName")?.Value ?? "(no name)";

string Reason(XElement result) =>
    (result.Descendants(trx + "Message").Concat(result.Descendants(trx + "StdOut")).FirstOrDefault(e => e.Value.Length > 0)?.Value ?? "no reason given").Trim();

static void Print(IEnumerable<string> lines)
{
    foreach (string line in lines)
    {
        Console.Out.WriteLine(line);
    }
}
