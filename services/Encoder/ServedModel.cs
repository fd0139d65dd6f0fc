using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Onnx;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>
/// What one name in requests stands for: usually one model; for an asymmetric pair (LEAF, arXiv 2509.12539) the teacher for documents and the
/// student for queries, in the teacher's space.
/// </summary>
internal sealed class ServedModel : IDisposable
{
    private const string Whole = "full";

    private ServedModel(Lane documents, Lane queries)
    {
        (Documents, Queries) = (documents, queries);
        Description = documents.Model.Description with { QueryPrompt = queries.Model.Description.QueryPrompt };
    }

    /// <summary>Encodes what is stored, raw texts and token vectors.</summary>
    public Lane Documents { get; }

    /// <summary>Encodes queries; the same lane unless the model is a pair.</summary>
    public Lane Queries { get; }

    /// <summary>The space is that of documents, the query prompt that of queries.</summary>
    public EncoderDescription Description { get; }

    /// <summary>One lane, or two.</summary>
    public IEnumerable<Lane> Lanes => Documents == Queries ? [Documents] : [Documents, Queries];

    /// <summary>Bytes of graphs and weights.</summary>
    public long Bytes => Lanes.Sum(l => l.Model.Bytes);

    /// <summary>Runs at once and threads of each, for people.</summary>
    public string Runs => string.Join("; ", Lanes.Select(l => l.Shape.ToString()).Distinct());

    /// <summary>Loads a folder with what its retrieval.json and router say.</summary>
    /// <exception cref="RetrievalException">Invalid: which file, what is wrong, the way out.</exception>
    public static ServedModel Load(ModelOptions options, Serving serving)
    {
        try
        {
            (EncoderModel documents, EncoderModel? queries) = Open(options, serving.Options, serving.Logger);
            return Start(documents, queries, serving);
        }
        catch (Exception e) when (e is ModelFormatException or OnnxFormatException or PassRefusedException or TokenizerFormatException or IOException or UnauthorizedAccessException)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The model in {options.Path} cannot be served: {e.Message}", "Encoder:Models", options.Path, inner: e);
        }
    }

    private static ServedModel Start(EncoderModel documents, EncoderModel? queries, Serving serving)
    {
        Lane? first = null;
        try
        {
            first = new Lane(documents, "documents", Whole, serving);
            return new ServedModel(first, queries is null ? first : new Lane(queries, "queries", Whole, serving));
        }
        catch
        {
            ((IDisposable?)first ?? documents).Dispose();
            queries?.Dispose();
            throw;
        }
    }

    /// <summary>The models of a folder, without threads: the second encodes queries where that is another.</summary>
    internal static (EncoderModel Documents, EncoderModel? Queries) Open(ModelOptions options, EncoderOptions encoder, ILogger logger)
    {
        RetrievalFile file = RetrievalFile.Read(options.Path);
        RequirePlain(file);
        string name = options.ServedName;
        ModelFolder folder = ModelFolder.Read(file.Model, options.Graph);
        ModelFolder own = Changed(folder, file, file.Queries is { Model: null } variant ? variant.Prompt : null);
        EncoderModel documents = EncoderModel.Open(name, own, HeadPasses.Of(folder, file), options.MaxTokens, encoder);
        try
        {
            return (documents, OpenQueries(name, folder, file, documents, encoder, logger));
        }
        catch
        {
            documents.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Lane lane in Lanes)
        {
            lane.Dispose();
        }
    }

    /// <summary>What another folder's own file says would be lost without a word.</summary>
    private static void RequirePlain(RetrievalFile file)
    {
        string other = Path.Combine(file.Model, RetrievalFile.Name);
        if (other != file.File && File.Exists(other))
        {
            throw new ModelFormatException(file.File, $"names the model in {file.Model}, which has a {RetrievalFile.Name} of its own. Move what that says into this file.");
        }
    }

    private static EncoderModel? OpenQueries(string name, ModelFolder folder, RetrievalFile file, EncoderModel documents, EncoderOptions encoder, ILogger logger)
    {
        EncoderModel? queries = file.Queries is { Model: { } path } variant ? OpenStudent(name, path, variant.Prompt, encoder)
            : folder.Queries is { } routed ? EncoderModel.Open(name, Changed(routed, file, file.Queries?.Prompt), [], null, encoder) : null;
        try
        {
            if (queries is not null && file.Queries is { Measured: { } measured } admitted)
            {
                measured.Require(file.File, documents.Description.Space, queries.Description.Space);
                Log.Pair(logger, name, admitted.Name, measured.Measure.Cosine.Value, measured.Measure.RecallKept.Value, measured.Measure.RecallKept.Low, measured.Measure.RecallKept.High, measured.Measure.Texts);
            }
            RequireFitting(queries ?? documents, documents, queries is null || file.Queries?.Model is not null ? file.File : file.Model);
            return queries;
        }
        catch
        {
            queries?.Dispose();
            throw;
        }
    }

    private static EncoderModel OpenStudent(string name, string path, string? prompt, EncoderOptions encoder)
    {
        RetrievalFile own = RetrievalFile.Read(path);
        return own.Model == path || Path.GetFullPath(own.Model) == Path.GetFullPath(path)
            ? EncoderModel.Open(name, Changed(ModelFolder.Read(path), own, prompt), own.Passes, null, encoder)
            : throw new ModelFormatException(own.File, $"serves the model in {own.Model}: a pair cannot be the student of another. Name the folder of a model itself.");
    }

    /// <summary>A vector of other dimensions would be compared with nothing.</summary>
    private static void RequireFitting(EncoderModel queries, EncoderModel documents, string file)
    {
        (int asked, int stored) = (queries.Description.Space.Dimensions, documents.Description.Space.Dimensions);
        if (asked != stored)
        {
            throw new ModelFormatException(file, $"pairs queries of {asked} dimensions with documents of {stored}. Both have to give the same: align the student with 'retrieval model align', or cut both to the same.");
        }
    }

    private static ModelFolder Changed(ModelFolder folder, RetrievalFile file, string? prompt) => folder with
    {
        QueryPrompt = prompt ?? folder.QueryPrompt,
        Instruction = file.Instruction == InstructionMask.None || folder.PoolingMode == "mean" ? file.Instruction
            : throw new ModelFormatException(file.File, $"leaves an instruction out of a mean, but the model's pooling is {folder.PoolingMode}. Leave out 'instruction'."),
        Steps = file.Dimensions is { } dimensions ? [.. Steps(folder, file), new FirstNumbers(dimensions, file.File), UnitLength.Instance] : Steps(folder, file),
    };

    /// <summary>A dense layer that was trained for the last layer says nothing about another: an exit brings its own.</summary>
    private static IReadOnlyList<IVectorStep> Steps(ModelFolder folder, RetrievalFile file) => file.Passes.LastOrDefault(p => p.Layer is not null) switch
    {
        null => folder.Steps,
        { Dense: { } dense } => [DenseLayer.OfFile(dense, tanh: false), .. folder.Steps.Where(s => s is not DenseLayer)],
        { Layer: var layer } when folder.Steps.Any(s => s is DenseLayer) => throw new ModelFormatException(file.File,
            $"leaves after layer {layer}, but the model has a dense layer behind its last one. Name the one that was trained for this exit with 'dense', as a .safetensors file."),
        _ => folder.Steps,
    };
}
