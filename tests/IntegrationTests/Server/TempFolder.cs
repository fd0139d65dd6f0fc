namespace Retrieval.IntegrationTests.Server;

/// <summary>A folder of one test.</summary>
public sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("retrieval-test-").FullName;

    /// <summary>A path below it.</summary>
    public string this[params string[] path] => System.IO.Path.Combine([Path, .. path]);

    /// <summary>A text file below it.</summary>
    public string Write(string name, string text)
    {
        string path = this[name];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, true);
}
