namespace Retrieval.Encoder;

/// <summary>
/// The folder of compiled graphs: <c>HASH.onnx</c>, whose <c>HASH.check</c> says what it holds, and a <c>.link</c> for each source and its passes that says which
/// graph they gave and what the source held then. Each file is written under another name and renamed when it is whole; a graph without its check, or with
/// other bytes, is made again. So an end at any time, a kill or a power cut, leaves nothing that would be taken for a graph.
/// </summary>
internal sealed class CompiledFolder(string path)
{
    private const string Partial = ".part";

    /// <summary>Path of a graph.</summary>
    public string Graph(string hash) => Path.Combine(path, hash + ".onnx");

    /// <summary>Whether a graph is there and whole.</summary>
    public bool Has(string hash) => ContentCheck.Holds(path, ReadLines(hash + ".check"));

    /// <summary>Takes a graph that was just written into account.</summary>
    public void Keep(string hash)
    {
        string[] names = [hash + ".onnx", hash + ".onnx_data"];
        Write(hash + ".check", ContentCheck.Lines(path, names.Where(n => File.Exists(Path.Combine(path, n)))));
    }

    /// <summary>Lets go of a graph.</summary>
    public void Forget(string hash) => Array.ForEach((string[])[".check", ".onnx", ".onnx_data"], ending => File.Delete(Path.Combine(path, hash + ending)));

    /// <summary>The graph that a source gave, and what the source held; null when nothing is known.</summary>
    public (string Hash, string[] Source)? Linked(string link) => ReadLines(link + ".link") is [var hash, .. var source] ? (hash, source) : null;

    /// <summary>Remembers what a source gave.</summary>
    public void Link(string link, string hash, IEnumerable<string> source) => Write(link + ".link", [hash, .. source]);

    /// <summary>Makes the folder, and removes what killed processes left half-written: a writer that lives holds its file locked.</summary>
    public void Prepare()
    {
        foreach (string left in Directory.EnumerateFiles(Directory.CreateDirectory(path).FullName, "*" + Partial))
        {
            try
            {
                using FileStream unlocked = new(left, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                File.Delete(left);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Its writer is still there, or it is gone already.
            }
        }
    }

    private string[] ReadLines(string name) => File.Exists(Path.Combine(path, name)) ? File.ReadAllLines(Path.Combine(path, name)) : [];

    private void Write(string name, string[] lines)
    {
        string own = Path.Combine(path, $"{name}.{Environment.ProcessId}{Partial}");
        File.WriteAllLines(own, lines);
        File.Move(own, Path.Combine(path, name), overwrite: true);
    }
}
