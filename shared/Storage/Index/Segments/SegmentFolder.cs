using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace Retrieval.Storage;

/// <summary>What segment files are written and read with.</summary>
/// <param name="Create">Makes a file for writing.</param>
/// <param name="Rows">Replaces what a file has lost.</param>
/// <param name="Logger">Says what is not used, and why.</param>
internal sealed record SegmentTools(Func<string, FileStream> Create, RowSource Rows, ILogger Logger)
{
    /// <summary>Opens a file to write behind its end, while others read it.</summary>
    public Func<string, FileStream> Extend { get; init; } = path => new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 0);

    /// <summary>A file as the system gives it.</summary>
    public static FileStream CreateFile(string path) => new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
}

/// <summary>
/// The segment files of one collection, each named after the changes that it holds: <c>from-to-number.segment</c>. A file is written under another name, brought to the disk, and renamed;
/// so what has the name is whole. A merged file replaces those whose changes it holds, and after a crash in between it wins over them: there is no list that could be wrong.
/// </summary>
internal sealed partial class SegmentFolder(string path, CollectionRow collection, SegmentTools tools)
{
    private const string Unfinished = ".unfinished", Aside = ".aside";

    /// <summary>Maps what can be used, oldest first, from the first change on without a gap. What cannot is named in the log and put aside; its changes are read again from the catalog.</summary>
    public IReadOnlyList<SegmentPart> Open()
    {
        Directory.CreateDirectory(path);
        foreach (string unfinished in Directory.GetFiles(path, $"*{Unfinished}"))
        {
            File.Delete(unfinished);
        }
        List<Named> files = [.. Directory.GetFiles(path).Select(Named.Of).OfType<Named>().OrderBy(f => f.From).ThenByDescending(f => f.To).ThenByDescending(f => f.Number)];
        List<SegmentPart> parts = [];
        long reached = 0;
        for (int i = 0; i < files.Count; i++)
        {
            if (files[i].From == reached && files[i].To > reached && TryOpen(files[i]) is { } part)
            {
                parts.Add(part);
                reached = part.ToSeq;
                i = -1; // from the start again: a file that begins here may stand before others
            }
        }
        foreach (Named left in files.Where(f => !parts.Exists(p => p.Path == f.Path) && File.Exists(f.Path)))
        {
            File.Delete(left.Path); // merged into another, or behind a gap
        }
        // What was removed up to here has left no mark behind: what these files do not know of it, nobody could tell them.
        return reached < collection.MarksGone ? Discarded(parts) : parts;
    }

    private static List<SegmentPart> Discarded(List<SegmentPart> parts)
    {
        parts.ForEach(part =>
        {
            part.Dispose();
            File.Delete(part.Path);
        });
        return [];
    }

    /// <summary>Writes a segment and maps it.</summary>
    /// <exception cref="IOException">The disk is full or does not answer; nothing is left behind.</exception>
    public SegmentPart Write(SegmentContent content, SegmentCodec? codec, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(path);
        string final = Named.Next(path, content.FromSeq, content.ToSeq), temporary = final + Unfinished;
        try
        {
            using (FileStream file = tools.Create(temporary))
            {
                SegmentWriter.Write(file, content, codec, collection, cancellationToken);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, final, overwrite: true);
            return SegmentPart.Open(final, collection.Id, collection.Space, collection.Dimensions, tools.Rows);
        }
        catch (SegmentException e)
        {
            PutAside(final, e.Message);
            throw new IOException($"{final} was written and cannot be read back: {e.Message}.", e);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Appends a graph or lists to a file and maps it again; whoever reads the old mapping goes on.</summary>
    /// <exception cref="IOException">The disk is full or does not answer; the file is as it was.</exception>
    public SegmentPart Append(SegmentPart part, IReadOnlyList<NewSection> sections)
    {
        using (FileStream file = tools.Extend(part.Path))
        {
            try
            {
                SegmentAppender.Append(file, part.LastHead, sections);
            }
            catch (IOException)
            {
                file.SetLength(part.LastHead.End); // what was written of it is room that others need
                throw;
            }
        }
        try
        {
            return SegmentPart.Open(part.Path, collection.Id, collection.Space, collection.Dimensions, tools.Rows);
        }
        catch (SegmentException e)
        {
            throw new IOException($"{part.Path} was appended to and cannot be read back: {e.Message}.", e);
        }
    }

    /// <summary>Removes a file that another has replaced; a damaged one is kept aside for whoever wants to know.</summary>
    public static void Retire(SegmentPart part)
    {
        if (part.IsDamaged)
        {
            File.Move(part.Path, part.Path + Aside, overwrite: true);
        }
        else
        {
            File.Delete(part.Path);
        }
    }

    private SegmentPart? TryOpen(Named file)
    {
        try
        {
            return file.To <= collection.Seq ? SegmentPart.Open(file.Path, collection.Id, collection.Space, collection.Dimensions, tools.Rows)
                : throw new SegmentException($"it holds changes up to {file.To}, the catalog ends with {collection.Seq}");
        }
        catch (Exception e) when (e is SegmentException or IOException or UnauthorizedAccessException)
        {
            PutAside(file.Path, e.Message);
            return null;
        }
    }

    private void PutAside(string file, string reason)
    {
        Log.SegmentRefused(tools.Logger, file, reason, file + Aside);
        File.Move(file, file + Aside, overwrite: true);
    }

    private sealed partial record Named(string Path, long From, long To, int Number)
    {
        public static Named? Of(string path) => Form().Match(System.IO.Path.GetFileName(path)) is { Success: true } match
            ? new Named(path, long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), long.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture), int.Parse(match.Groups[3].ValueSpan, CultureInfo.InvariantCulture)) : null;

        /// <summary>A name that is free: a file that is mapped is not written over.</summary>
        public static string Next(string folder, long from, long to)
        {
            for (int number = 0; ; number++)
            {
                string path = System.IO.Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{from:D12}-{to:D12}-{number}.segment"));
                if (!File.Exists(path))
                {
                    return path;
                }
            }
        }

        [GeneratedRegex(@"^(\d{12,18})-(\d{12,18})-(\d{1,9})\.segment$")]
        private static partial Regex Form();
    }
}
