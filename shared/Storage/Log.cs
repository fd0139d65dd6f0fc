using Microsoft.Extensions.Logging;

namespace Retrieval.Storage;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Segment {File} is not used: {Reason}. It was put aside as {Aside}, and its vectors are read again from the catalog.")]
    public static partial void SegmentRefused(ILogger logger, string file, string reason, string aside);

    [LoggerMessage(2, LogLevel.Warning, "Block {Block} of the vectors in segment {File} is damaged: it is out of use, and its {Rows} rows are read again from the catalog.")]
    public static partial void BlockDamaged(ILogger logger, int block, string file, int rows);

    [LoggerMessage(3, LogLevel.Warning, "Vectors of collection {Collection} could not be written to {Folder}: {Reason} They stay in memory, and it is tried again in {Seconds} s.")]
    public static partial void SealFailed(ILogger logger, string collection, string folder, string reason, double seconds);

    [LoggerMessage(5, LogLevel.Warning, "Block {Block} of the {Kind} in segment {File} is damaged: it is out of use, and its {Rows} rows are coded again.")]
    public static partial void CodesDamaged(ILogger logger, int block, SectionKind kind, string file, int rows);

    [LoggerMessage(8, LogLevel.Warning, "The {Kind} in segment {File} is damaged: it is out of use, every code is looked at instead, and it is built again.")]
    public static partial void StructureDamaged(ILogger logger, SectionKind kind, string file);

    [LoggerMessage(6, LogLevel.Warning, "Codec {Codec} of collection {Collection} could not be trained: {Reason} Its vectors stay as they are, and it is tried again.")]
    public static partial void TrainingFailed(ILogger logger, string codec, string collection, string reason);

    [LoggerMessage(7, LogLevel.Warning, "Codec {Codec} of collection {Collection} is not used: {Reason} Choose another one with PUT /v1/collections/{Collection}.")]
    public static partial void CodecRefused(ILogger logger, string codec, string collection, string reason);

    [LoggerMessage(4, LogLevel.Debug, "Collection {Collection}: {Parts} parts became segment {File} with {Rows} rows.")]
    public static partial void Sealed(ILogger logger, string collection, int parts, string file, int rows);

    [LoggerMessage(9, LogLevel.Debug, "Collection {Collection}: segment {File} with {Rows} rows has a {Structure} now.")]
    public static partial void Appended(ILogger logger, string collection, string file, int rows, Structure structure);
}
