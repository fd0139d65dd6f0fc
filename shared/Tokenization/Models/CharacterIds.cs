using System.Runtime.CompilerServices;

namespace Retrieval.Tokenization;

/// <summary>Ids of the tokens that are one code point, with something before and after it that is the same for all.</summary>
internal sealed class CharacterIds
{
    private const int PageBits = 8;

    // One page of ids for each 256 code points that have any; page 0 has none.
    private readonly ushort[] _pages = new ushort[0x110000 >> PageBits];
    private readonly int[] _ids;

    /// <param name="tokens">The vocabulary.</param>
    /// <param name="prefix">What stands before the code point in the token.</param>
    /// <param name="suffix">What stands after it.</param>
    public CharacterIds(TokenTable tokens, string prefix, string suffix)
    {
        List<(int CodePoint, int Id)> found = [];
        for (int id = 0; id < tokens.Limit; id++)
        {
            int length = tokens.Has(id) ? tokens.Length(id) - prefix.Length - suffix.Length : 0;
            if (length is 1 or 2 && tokens[id].StartsWith(prefix, StringComparison.Ordinal) && tokens[id].EndsWith(suffix, StringComparison.Ordinal))
            {
                int codePoint = Characters.At(tokens[id].Slice(prefix.Length, length), 0, out int used);
                if (used == length)
                {
                    found.Add((codePoint, id));
                }
            }
        }
        int pages = 1;
        foreach ((int codePoint, _) in found)
        {
            ref ushort page = ref _pages[codePoint >> PageBits];
            page = page == 0 ? (ushort)pages++ : page;
        }
        _ids = new int[pages << PageBits];
        _ids.AsSpan().Fill(-1);
        foreach ((int codePoint, int id) in found)
        {
            _ids[_pages[codePoint >> PageBits] << PageBits | codePoint & 0xFF] = id;
        }
    }

    /// <summary>The id; -1 when there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(int codePoint) => _ids[_pages[codePoint >> PageBits] << PageBits | codePoint & 0xFF];
}
