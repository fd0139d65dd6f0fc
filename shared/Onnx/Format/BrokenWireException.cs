namespace Retrieval.Onnx;

/// <summary>Bytes that are no protobuf message, or the beginning of one.</summary>
internal sealed class BrokenWireException(long position) : Exception($"no field can begin or end at byte {position}");
