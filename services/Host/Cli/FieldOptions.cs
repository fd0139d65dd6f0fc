using System.CommandLine;
using Retrieval.Ingestion.Sources;

namespace Retrieval.Host.Cli;

/// <summary>Which fields of records are what.</summary>
internal sealed class FieldOptions
{
    private readonly Option<string?> _id = Field("id", "the id; default 'id', else file and number"), _title = Field("title", "the title; default 'title'"),
        _text = Field("text", "the text; default 'text'"), _url = Field("url", "the address of the original; default 'url'");

    private readonly Option<string[]> _metadata = new("--metadata-field") { Description = "Field of JSON, NDJSON and CSV that becomes metadata; may be repeated; default: all others", HelpName = "name" };

    public void AddTo(Command command)
    {
        foreach (Option option in (ReadOnlySpan<Option>)[_id, _title, _text, _url, _metadata])
        {
            command.Options.Add(option);
        }
    }

    public FieldMapping Read(ParseResult parsed) => new()
    {
        Id = parsed.GetValue(_id) ?? "", Title = parsed.GetValue(_title) ?? "", Text = parsed.GetValue(_text) ?? "", Url = parsed.GetValue(_url) ?? "", Metadata = parsed.GetValue(_metadata) ?? [],
    };

    private static Option<string?> Field(string name, string what) => new($"--{name}-field") { Description = $"Field of JSON, NDJSON and CSV that is {what}", HelpName = "name" };
}
