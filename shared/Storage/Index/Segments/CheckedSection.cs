namespace Retrieval.Storage;

/// <summary>A section of rows whose blocks are checked when they are first touched. One that is damaged is never used: it is made again, once, in memory.</summary>
/// <param name="file">Where it is.</param>
/// <param name="section">Its place.</param>
/// <param name="remake">The bytes of a block, from elsewhere.</param>
internal sealed class CheckedSection(SegmentFile file, Section section, Func<int, byte[]> remake)
{
    private readonly byte[]?[] _remade = new byte[]?[section.Blocks];
    private readonly bool[] _checked = new bool[section.Blocks];

    /// <summary>A block's bytes.</summary>
    public ReadOnlySpan<byte> Block(int block)
    {
        if (!Volatile.Read(ref _checked[block]))
        {
            Check(block);
        }
        return _remade[block] is { } remade ? remade : file.Block(section, block);
    }

    private void Check(int block)
    {
        lock (_remade)
        {
            if (!_checked[block])
            {
                _remade[block] = file.IsWhole(section, block) ? null : remake(block);
                Volatile.Write(ref _checked[block], true);
            }
        }
    }
}
