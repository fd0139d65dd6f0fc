using System.CommandLine;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval model</c>: commands over a model's folder.</summary>
internal static class ModelCommand
{
    public static Command Create(CommonOptions common)
    {
        Command command = new("model", "Look at a model, or fit it to your own texts.") { ModelInspectCommand.Create(common), ModelAlignCommand.Create(common), ModelTiersCommand.Create(common), ModelTuneCommand.Create(common) };
        return command;
    }
}
