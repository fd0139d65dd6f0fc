using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Search;

namespace Retrieval.Vectors.Advisor;

/// <summary>Rows coded, and searched in the way that suits the codec: in registers where its codes are made of half bytes.</summary>
internal sealed class CodedRows
{
    private const int ScoresAtOnce = 512;
    private readonly Codec _codec;
    private readonly byte[] _codes;
    private readonly PackedCodes? _packed;
    private readonly RowBitmap _all;

    public CodedRows(Codec codec, byte[] codes)
    {
        (_codec, _codes) = (codec, codes);
        _all = new RowBitmap(codes.Length / codec.CodeBytes).Invert();
        if (codec is INibbleTables { Cells: > 0 })
        {
            _packed = new PackedCodes(codec);
            _packed.Add(codes);
        }
    }

    /// <summary>Bytes in memory for a row.</summary>
    public int BytesARow => _packed?.BytesARow ?? _codec.CodeBytes;

    /// <summary>The best rows by their codes, best first.</summary>
    public (int Row, float Score)[] Search(ReadOnlySpan<float> query, int top)
    {
        TopRows best = new(top);
        if (_packed is not null)
        {
            _packed.Scan(_packed.Query(query), 0, (_packed.Count + PackedLayout.BlockRows - 1) / PackedLayout.BlockRows, _all, best);
        }
        else
        {
            Scan(_codec.Query(query), best);
        }
        return best.ToSorted();
    }

    private void Scan(CodeQuery query, TopRows best)
    {
        Span<float> scores = stackalloc float[ScoresAtOnce];
        for (int first = 0; first < _all.Rows; first += ScoresAtOnce)
        {
            int count = Math.Min(ScoresAtOnce, _all.Rows - first);
            query.Score(_codes.AsSpan(first * _codec.CodeBytes, count * _codec.CodeBytes), scores[..count]);
            for (int i = 0; i < count; i++)
            {
                if (scores[i] >= best.Floor)
                {
                    best.Add(first + i, scores[i]);
                }
            }
        }
    }
}
