using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Server;

/// <summary>The default model's folder as links, so that a test can take out or damage one file.</summary>
internal static class ModelCopy
{
    public static string Create(TempFolder folder)
    {
        foreach (string file in Directory.EnumerateFiles(TestData.DefaultModel, "*", SearchOption.AllDirectories))
        {
            string link = folder["model", Path.GetRelativePath(TestData.DefaultModel, file)];
            Directory.CreateDirectory(Path.GetDirectoryName(link)!);
            File.CreateSymbolicLink(link, file);
        }
        return folder["model"];
    }

    /// <summary>Replaces a link by what becomes of the file's bytes; null takes it out.</summary>
    public static void Change(string model, string file, Func<byte[], byte[]?> change)
    {
        string path = Path.Combine(model, file);
        byte[]? bytes = change(File.ReadAllBytes(path));
        File.Delete(path);
        if (bytes is not null)
        {
            File.WriteAllBytes(path, bytes);
        }
    }
}
