using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace Retrieval.Benchmarks.Vectors;

/// <summary>Distinct real texts that every Debian machine has: descriptions of packages (<c>apt-cache dumpavail</c>) and paragraphs of manual pages.</summary>
internal static partial class RealTexts
{
    private const string Manuals = "/usr/share/man";

    // A family of generated pages (all begin with the same word) would otherwise drown the rest.
    private const int MostAPage = 8, MostAFamily = 2_500, FewestCharacters = 80, MostCharacters = 600, FewestWords = 12;

    /// <summary>Descriptions and paragraphs in a seeded order, at most so many of each.</summary>
    public static async Task<string[]> ReadAsync(int mostOfEach, int seed, CancellationToken cancellationToken)
    {
        Random random = new(seed);
        string[] descriptions = [.. (await DescriptionsAsync(cancellationToken)).Distinct()], paragraphs = [.. Paragraphs().Distinct()];
        random.Shuffle(descriptions);
        random.Shuffle(paragraphs);
        string[] all = [.. descriptions.Take(mostOfEach).Concat(paragraphs.Take(mostOfEach)).Distinct()];
        random.Shuffle(all);
        return all;
    }

    private static async Task<List<string>> DescriptionsAsync(CancellationToken cancellationToken)
    {
        using Process apt = Process.Start(new ProcessStartInfo("apt-cache", ["dumpavail"]) { RedirectStandardOutput = true })!;
        List<string> found = [];
        bool inside = false;
        while (await apt.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            inside = line.StartsWith("Description:", StringComparison.Ordinal) || (inside && line.StartsWith(' '));
            if (inside && line[0] != ' ')
            {
                found.Add(line["Description:".Length..].Trim());
            }
            else if (inside && line.Trim() != ".")
            {
                found[^1] += " " + line.Trim();
            }
        }
        return found;
    }

    private static IEnumerable<string> Paragraphs()
    {
        string[] files = [.. Directory.EnumerateFiles(Manuals, "*.gz", SearchOption.AllDirectories).Where(f => EnglishPage().IsMatch(f)).Order(StringComparer.Ordinal)];
        foreach (IGrouping<string, string> family in files.GroupBy(f => FirstWord().Match(Path.GetFileName(f)).Value))
        {
            foreach (string paragraph in family.SelectMany(f => Paragraphs(f).Take(MostAPage)).Take(MostAFamily))
            {
                yield return paragraph;
            }
        }
    }

    /// <summary>Runs of text lines between roff requests, without their escapes.</summary>
    private static IEnumerable<string> Paragraphs(string file)
    {
        StringBuilder text = new();
        using StreamReader reader = new(new GZipStream(File.OpenRead(file), CompressionMode.Decompress), Encoding.UTF8);
        for (string? line = reader.ReadLine(); ; line = reader.ReadLine())
        {
            if (line is { Length: > 0 } && line[0] is not ('.' or '\''))
            {
                text.Append(text.Length > 0 ? " " : "").Append(Escape().Replace(line, "").Replace("\\", "", StringComparison.Ordinal).Trim());
                continue;
            }
            if (text.Length is >= FewestCharacters and <= MostCharacters && text.ToString().Count(c => c == ' ') >= FewestWords)
            {
                yield return text.ToString();
            }
            text.Clear();
            if (line is null)
            {
                yield break;
            }
        }
    }

    [GeneratedRegex("^/usr/share/man/man[1-8]/")]
    private static partial Regex EnglishPage();

    [GeneratedRegex("^[A-Za-z0-9]+")]
    private static partial Regex FirstWord();

    // Font changes, sizes, strings and named characters.
    [GeneratedRegex(@"\\f(\[[^\]]*\]|\(..|.)|\\s[+-]?\d+|\\\*?(\[[^\]]*\]|\(..)|\\[&/,|^%:]")]
    private static partial Regex Escape();
}
