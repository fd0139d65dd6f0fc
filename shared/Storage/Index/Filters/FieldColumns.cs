using System.Collections.Concurrent;
using System.Text.Json;
using Retrieval.Vectors;

namespace Retrieval.Storage;

/// <summary>
/// A filter over documents that do not change any more, all at once: for each field that a filter names, its values with the documents that have them,
/// and its numbers and times in order. A field's column is made when it is first asked for, and kept: fields that no filter names cost nothing.
/// </summary>
/// <param name="documents">How many.</param>
/// <param name="metadata">Of one document, by its index; undefined when it has none.</param>
/// <param name="find">Index of a document by its id, negative when it is not here.</param>
internal sealed class FieldColumns(int documents, Func<int, JsonElement> metadata, Func<string, int> find)
{
    private readonly ConcurrentDictionary<string, Lazy<FieldColumn>> _columns = new(StringComparer.Ordinal);

    /// <summary>Documents that pass.</summary>
    public RowBitmap Passing(FilterPlan plan)
    {
        switch (plan)
        {
            case Always always:
                RowBitmap all = new(documents);
                return always.Value ? all.Invert() : all;
            case Not not:
                return Passing(not.Part).Invert();
            case AtLeast atLeast:
                return AtLeast(atLeast);
            case FieldTest field:
                return Column(field.Path).Passing(field.Test);
            case CountTest count:
                return Column(count.Path).Counted(count);
            case EmptyTest empty:
                return Column(empty.Path).NotEmpty.Copy().Invert();
            case NullTest isNull:
                return Column(isNull.Path).Null.Copy();
            case IdTest ids:
                return WithIds(ids);
            default:
                return OneByOne(plan);
        }
    }

    /// <summary>Fields that have a column.</summary>
    public IReadOnlyCollection<string> Fields => [.. _columns.Keys];

    private RowBitmap AtLeast(AtLeast plan)
    {
        if (plan.Count > plan.Parts.Count)
        {
            return new RowBitmap(documents);
        }
        if (plan.Count == plan.Parts.Count || plan.Count == 1)
        {
            RowBitmap joined = Passing(plan.Parts[0]);
            foreach (FilterPlan part in plan.Parts.Skip(1))
            {
                joined = plan.Count == 1 ? joined.Or(Passing(part)) : joined.And(Passing(part));
            }
            return joined;
        }
        List<RowBitmap> parts = [.. plan.Parts.Select(Passing)];
        RowBitmap enough = new(documents);
        for (int i = 0; i < documents; i++)
        {
            enough[i] = parts.Count(p => p[i]) >= plan.Count;
        }
        return enough;
    }

    private RowBitmap WithIds(IdTest plan)
    {
        RowBitmap found = new(documents);
        foreach (int at in plan.Ids.Select(find).Where(at => at >= 0))
        {
            found[at] = true;
        }
        return found;
    }

    private RowBitmap OneByOne(FilterPlan plan)
    {
        RowBitmap found = new(documents);
        for (int i = 0; i < documents; i++)
        {
            found[i] = plan.Holds(metadata(i), null); // conditions on ids are answered above, or never hold inside of a document
        }
        return found;
    }

    private FieldColumn Column(FieldPath path) => _columns.GetOrAdd(path.Text, _ => new Lazy<FieldColumn>(() => FieldColumn.Build(path, documents, metadata))).Value;
}
