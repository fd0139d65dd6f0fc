using System.Runtime.CompilerServices;

namespace Retrieval.Tokenization;

/// <summary>
/// The tokens of short pieces seen lately: a fixed number of places, each piece has one, and the last one written stays. Any number of threads read and write without waiting: a
/// place has a version that is odd while it is written and different afterwards, and who sees it change takes the piece as not cached.
/// </summary>
internal sealed class PieceCache
{
    private const int Places = 1 << 14, MostTokens = 8;
    private const int Shift = 64 - 14;

    private readonly Place[] _places = new Place[Places];

    /// <summary>Appends the tokens of a piece, if they are there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(WordKey key, int origin, TokenBuffer sink)
    {
        if (key.Tag == 0)
        {
            return false;
        }
        ref Place place = ref _places[(int)(key.Hash >> Shift)];
        int version = Volatile.Read(ref place.Version);
        if (place.Key.Low != key.Low || place.Key.High != key.High || place.Key.Tag != key.Tag || (version & 1) != 0)
        {
            return false;
        }
        int first = sink.Count, count = Math.Min(place.Count, MostTokens);
        for (int i = 0; i < count; i++)
        {
            sink.Add(place.Ids[i], origin + place.Starts[i], place.Lengths[i]);
        }
        Volatile.ReadBarrier();
        if (place.Version == version)
        {
            return true;
        }
        sink.CutAt(first);
        return false;
    }

    /// <summary>Keeps the tokens that a piece just got, the last ones of the sink.</summary>
    /// <param name="key">Of the piece.</param>
    /// <param name="origin">What their places count from.</param>
    /// <param name="sink">Where they are.</param>
    /// <param name="first">The first of them.</param>
    public void Put(WordKey key, int origin, TokenBuffer sink, int first)
    {
        int count = sink.Count - first;
        if (key.Tag == 0 || count > MostTokens)
        {
            return;
        }
        ref Place place = ref _places[(int)(key.Hash >> Shift)];
        int version = place.Version;
        if ((version & 1) != 0 || Interlocked.CompareExchange(ref place.Version, version + 1, version) != version)
        {
            return;
        }
        (place.Key, place.Count) = (key, count);
        for (int i = 0; i < count; i++)
        {
            (place.Ids[i], place.Starts[i], place.Lengths[i]) = (sink.Ids[first + i], (byte)(sink.Starts[first + i] - origin), (byte)(sink.Ends[first + i] - sink.Starts[first + i]));
        }
        Volatile.Write(ref place.Version, version + 2);
    }

    private struct Place
    {
        public WordKey Key;
        public int Version, Count;
        public Ints Ids;
        public Bytes Starts, Lengths;
    }

    [InlineArray(MostTokens)]
    private struct Ints
    {
        private int _first;
    }

    [InlineArray(MostTokens)]
    private struct Bytes
    {
        private byte _first;
    }
}
