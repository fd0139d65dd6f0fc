using System.Text.Json;
using Retrieval.Vectors;

namespace Retrieval.Storage;

/// <summary>The values of one field: which documents have each, the numbers and times in order, how many values a document has, and where there is none.</summary>
internal sealed class FieldColumn
{
    private readonly int _documents;
    private readonly Dictionary<FieldValue, int[]> _holders;
    private readonly (double Key, int Document)[] _numbers;
    private readonly (long Key, int Document)[] _times;
    private readonly (long Count, int Document)[] _counts;

    private FieldColumn(int documents, Dictionary<FieldValue, int[]> holders, RowBitmap notEmpty, RowBitmap isNull, (long Count, int Document)[] counts)
    {
        (_documents, _holders, NotEmpty, Null, _counts) = (documents, holders, notEmpty, isNull, counts);
        _numbers = [.. holders.Where(h => h.Key.AsNumber is not (null or double.NaN)).SelectMany(h => h.Value.Select(d => (h.Key.X, d))).OrderBy(n => n.X)];
        _times = [.. holders.Select(h => (Time: h.Key.AsTime, h.Value)).Where(h => h.Time is not null).SelectMany(h => h.Value.Select(d => (h.Time!.Value, d))).OrderBy(t => t.Value)];
    }

    /// <summary>Documents where the field is neither missing nor null nor an empty list.</summary>
    public RowBitmap NotEmpty { get; }

    /// <summary>Documents where it is null.</summary>
    public RowBitmap Null { get; }

    /// <summary>Reads the field of every document.</summary>
    public static FieldColumn Build(FieldPath path, int documents, Func<int, JsonElement> metadata)
    {
        Dictionary<FieldValue, List<int>> holders = [];
        RowBitmap notEmpty = new(documents), isNull = new(documents);
        List<(long, int)> counts = [];
        List<JsonElement> values = [];
        for (int document = 0; document < documents; document++)
        {
            values.Clear();
            path.Collect(metadata(document), values);
            foreach (JsonElement value in values)
            {
                long count = CountTest.Count(value);
                counts.Add((count, document));
                notEmpty[document] |= count > 0;
                isNull[document] |= value.ValueKind == JsonValueKind.Null;
                foreach (JsonElement one in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : (IEnumerable<JsonElement>)[value])
                {
                    Add(holders, FieldValue.Of(one), document);
                }
            }
        }
        return new FieldColumn(documents, holders.ToDictionary(h => h.Key, h => h.Value.ToArray()), notEmpty, isNull, [.. counts]);
    }

    /// <summary>Documents of which a value passes.</summary>
    public RowBitmap Passing(ValueTest test) => test switch
    {
        OneOf one => Of(one.Values.Where(_holders.ContainsKey).Select(v => _holders[v])),
        NumberRange range => Between(_numbers, n => range.WithFrom ? n >= range.From : n > range.From, n => range.WithTo ? n <= range.To : n < range.To),
        TimeRange range => Between(_times, t => t >= range.From, t => t <= range.To),
        _ => Of(_holders.Where(h => test.Holds(h.Key)).Select(h => h.Value)), // each value once, however many documents have it
    };

    /// <summary>Documents of which the number of values fits.</summary>
    public RowBitmap Counted(CountTest test)
    {
        RowBitmap counted = new(_documents), there = new(_documents);
        foreach ((long count, int document) in _counts)
        {
            there[document] = true;
            counted[document] |= test.Fits(count);
        }
        return test.Fits(0) ? counted.Or(there.Invert()) : counted;
    }

    private static void Add(Dictionary<FieldValue, List<int>> holders, in FieldValue value, int document)
    {
        if (!holders.TryGetValue(value, out List<int>? list))
        {
            holders[value] = list = [];
        }
        if (list.Count == 0 || list[^1] != document)
        {
            list.Add(document);
        }
    }

    private RowBitmap Of(IEnumerable<int[]> lists)
    {
        RowBitmap found = new(_documents);
        foreach (int document in lists.SelectMany(l => l))
        {
            found[document] = true;
        }
        return found;
    }

    private RowBitmap Between<T>((T Key, int Document)[] sorted, Func<T, bool> above, Func<T, bool> below)
    {
        RowBitmap found = new(_documents);
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = above(sorted[middle].Key) ? (low, middle) : (middle + 1, high);
        }
        for (int i = low; i < sorted.Length && below(sorted[i].Key); i++)
        {
            found[sorted[i].Document] = true;
        }
        return found;
    }
}
