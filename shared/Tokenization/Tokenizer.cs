namespace Retrieval.Tokenization;

/// <summary>
/// A Hugging Face tokenizer.json: equal to the reference library (tokenizers 0.23.3) in ids, offsets, masks, overflow and decoding. A component or option that is
/// not supported is refused by its name when the file is loaded. Thread-safe.
/// The truncation and padding that a file may embed are not applied unless asked for: published files carry values that contradict their models.
/// </summary>
public sealed class Tokenizer
{
    [ThreadStatic]
    private static EncodingBuffer? t_buffer;

    private readonly Pipeline _pipeline;
    private readonly PostProcessor? _processor;
    private readonly Decoder? _decoder;
    private readonly SpaceCounts _spaces;
    private readonly Frame? _withSpecial, _bare;

    internal Tokenizer(string hash, Pipeline pipeline, PostProcessor? processor, Decoder? decoder)
    {
        (Hash, _pipeline, _processor, _decoder) = (hash, pipeline, processor, decoder);
        VocabularySize = pipeline.Model.VocabularySize + pipeline.Added.Ids.Keys.Count(t => pipeline.Model.TokenToId(t) is null);
        _spaces = new SpaceCounts(IdToToken, VocabularySize);
        (_withSpecial, _bare) = (Frame.Of(processor, true), Frame.Of(processor, false));
    }

    /// <summary>SHA-256 of the file, lower-case hex.</summary>
    public string Hash { get; }

    /// <summary>Tokens in the vocabulary, added ones included.</summary>
    public int VocabularySize { get; }

    /// <summary>Special tokens that are put around one text.</summary>
    public int SpecialTokens => _processor?.Added(false) ?? 0;

    /// <summary>Special tokens that are put around a pair.</summary>
    public int PairSpecialTokens => _processor?.Added(true) ?? 0;

    /// <summary>What the files beside tokenizer.json say, when a folder was loaded.</summary>
    public TokenizerConfig Config { get; internal init; } = new();

    /// <summary>The truncation that the file embeds, else that of tokenizer_config.json; for <see cref="EncodeOptions.Truncation"/>.</summary>
    public Truncation? FileTruncation { get; internal init; }

    /// <summary>The padding that the file embeds, else that of tokenizer_config.json; for <see cref="EncodeOptions.Padding"/>.</summary>
    public Padding? FilePadding { get; internal init; }

    /// <summary>
    /// Loads tokenizer.json, or the model folder that holds it: then tokens that only tokenizer_config.json or special_tokens_map.json names are added tokens too, as
    /// for the reference's users. A folder with BERT's vocab.txt alone, or that file, loads as well.
    /// </summary>
    /// <exception cref="TokenizerFormatException">The file is missing, damaged or has a component that is not supported.</exception>
    public static Tokenizer Load(string path) => TokenizerFiles.Load(path);

    /// <summary>Loads the bytes of tokenizer.json; <paramref name="name"/> stands for the file in messages.</summary>
    /// <exception cref="TokenizerFormatException">The file is damaged or has a component that is not supported.</exception>
    public static Tokenizer Parse(byte[] json, string name) => TokenizerReader.Parse(json, name, new TokenizerConfig());

    /// <summary>Tokens of one text.</summary>
    /// <param name="text">Any string; a lone surrogate counts as U+FFFD.</param>
    /// <param name="addSpecialTokens">Put the model's special tokens around it.</param>
    /// <param name="maxTokens">Cut at the right to this many, special tokens included; null: never.</param>
    /// <exception cref="TokenizationException">A part of the text has no token and the file names no unknown one.</exception>
    public Encoding Encode(string text, bool addSpecialTokens, int? maxTokens)
    {
        EncodingBuffer tokens = t_buffer ??= new EncodingBuffer();
        Encode(text, addSpecialTokens, maxTokens ?? int.MaxValue, tokens);
        return Encoding.Of(tokens, () => [.. Slow(text, addSpecialTokens, maxTokens ?? int.MaxValue).Rows.Select(r => r.Shown ?? IdToToken(r.Id) ?? "")]);
    }

    /// <summary>Tokens of a pair.</summary>
    /// <exception cref="TokenizationException">A part of a text has no token and the file names no unknown one.</exception>
    public Encoding EncodePair(string first, string second, bool addSpecialTokens) =>
        Encode(EncodeInput.Pair(first, second), new EncodeOptions { AddSpecialTokens = addSpecialTokens });

    /// <summary>Tokens of a text, a pair, or words.</summary>
    /// <exception cref="TokenizationException">A part of a text has no token and the file names no unknown one.</exception>
    /// <exception cref="ArgumentException">The truncation cannot be had.</exception>
    public Encoding Encode(EncodeInput input, EncodeOptions options) => EncodeBatch([input], options)[0];

    /// <summary>Tokens of several inputs; padding without a length fills all up to the longest.</summary>
    /// <exception cref="TokenizationException">A part of a text has no token and the file names no unknown one.</exception>
    /// <exception cref="ArgumentException">The truncation cannot be had.</exception>
    public IReadOnlyList<Encoding> EncodeBatch(IReadOnlyList<EncodeInput> inputs, EncodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(options);
        options.Truncation?.Check(SpecialTokens);
        Draft[] drafts = [.. inputs.Select(i => Draft(i, options))];
        if (drafts.Length > 0)
        {
            options.Padding?.Apply(drafts);
        }
        return [.. drafts.Select((d, i) => Encoding.Of(d, IdToToken, inputs[i].First.Count, OffsetConverter.For(inputs[i].Sources, options.Offsets)))];
    }

    /// <summary>Tokens of one text into memory that is used again; allocates nothing once that has grown to the size of the texts.</summary>
    /// <param name="text">Any text; a lone surrogate counts as U+FFFD.</param>
    /// <param name="addSpecialTokens">Put the model's special tokens around it.</param>
    /// <param name="maxTokens">Cut at the right to this many, special tokens included.</param>
    /// <param name="tokens">Takes the tokens.</param>
    /// <exception cref="TokenizationException">A part of the text has no token and the file names no unknown one.</exception>
    public void Encode(ReadOnlySpan<char> text, bool addSpecialTokens, int maxTokens, EncodingBuffer tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        if ((addSpecialTokens ? _withSpecial : _bare) is not { } frame)
        {
            tokens.Fill(Slow(text.ToString(), addSpecialTokens, maxTokens).Rows);
            return;
        }
        Work work = Work.Rent();
        work.Shown.IsWanted = frame.Trim is not null;
        _pipeline.Split(text, work, specialsAreText: false);
        _pipeline.Tokenize(work, maxTokens);
        int count = Math.Min(work.Tokens.Count, Math.Max(0, maxTokens - frame.Before.Length - frame.After.Length));
        if (frame.Trim is { } trim)
        {
            Trim(text, work, count, trim.AddPrefixSpace);
        }
        Fill(tokens, frame, work.Tokens, count);
        Work.Return(work);
    }

    /// <summary>Ids of one text into a span.</summary>
    /// <param name="text">Any text; a lone surrogate counts as U+FFFD.</param>
    /// <param name="addSpecialTokens">Put the model's special tokens around it.</param>
    /// <param name="ids">Takes the ids.</param>
    /// <param name="count">How many ids the text has.</param>
    /// <returns>False, and nothing is written, when they do not fit.</returns>
    public bool TryEncode(ReadOnlySpan<char> text, bool addSpecialTokens, Span<int> ids, out int count)
    {
        EncodingBuffer buffer = t_buffer ??= new EncodingBuffer();
        Encode(text, addSpecialTokens, int.MaxValue, buffer);
        count = buffer.Count;
        return buffer.Ids.TryCopyTo(ids);
    }

    /// <summary>Number of tokens of a text, without special ones; makes no encoding.</summary>
    /// <exception cref="TokenizationException">A part of the text has no token and the file names no unknown one.</exception>
    public int Count(ReadOnlySpan<char> text)
    {
        Work work = Work.Rent();
        _pipeline.Split(text, work, specialsAreText: false);
        _pipeline.Tokenize(work, int.MaxValue);
        int count = work.Tokens.Count;
        Work.Return(work);
        return count;
    }

    /// <summary>
    /// Cuts a text into parts of at most so many tokens, without special ones, after whole words where that is possible; the text is tokenized once. The parts
    /// cover the text. Their tokens are those of the whole text; a part encoded by itself may have others at its ends, where the file's components look at neighbours.
    /// </summary>
    /// <param name="text">Any text.</param>
    /// <param name="maxTokens">The budget of a part, from 1.</param>
    /// <exception cref="ArgumentException">A single character has more tokens than the budget.</exception>
    /// <exception cref="TokenizationException">A part of the text has no token and the file names no unknown one.</exception>
    public IReadOnlyList<TokenSpan> SplitAtBudget(ReadOnlySpan<char> text, int maxTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 1);
        Work work = Work.Rent();
        work.WantsWords = true;
        _pipeline.Split(text, work, specialsAreText: false);
        _pipeline.Tokenize(work, int.MaxValue);
        List<TokenSpan> parts = new BudgetSplit(work.Tokens, work.Words, text.Length, maxTokens).Parts();
        Work.Return(work);
        return parts;
    }

    /// <summary>The text of ids, as the file's decoder writes it; ids that are not in the vocabulary are passed over, as in the reference.</summary>
    /// <exception cref="TokenizationException">The file's decoder has no text for these ids.</exception>
    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens)
    {
        List<string> tokens = [];
        foreach (int id in ids)
        {
            if ((_pipeline.Added.Decoded(id) ?? _pipeline.Model.IdToToken(id)) is { } token && !(skipSpecialTokens && _pipeline.Added.IsSpecial(token)))
            {
                tokens.Add(token);
            }
        }
        return _decoder is null ? string.Join(' ', tokens) : string.Concat(_decoder.Decode(tokens));
    }

    /// <summary>The text of ids like <see cref="Decode"/>, but an id that is not in the vocabulary is refused.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id has no token.</exception>
    /// <exception cref="TokenizationException">The file's decoder has no text for these ids.</exception>
    public string DecodeKnown(IReadOnlyList<int> ids, bool skipSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(ids);
        for (int i = 0; i < ids.Count; i++)
        {
            if (IdToToken(ids[i]) is null)
            {
                throw new ArgumentOutOfRangeException(nameof(ids), ids[i], $"Id {ids[i]} at index {i} has no token; the vocabulary has {VocabularySize} tokens. Was the text encoded with another tokenizer?");
            }
        }
        return Decode(ids, skipSpecialTokens);
    }

    /// <summary>Null when there is none.</summary>
    public string? IdToToken(int id) => _pipeline.Added[id]?.Content ?? _pipeline.Model.IdToToken(id);

    /// <summary>Null when there is none.</summary>
    public int? TokenToId(string token) => _pipeline.Added.Ids.TryGetValue(token, out int id) ? id : _pipeline.Model.TokenToId(token);

    /// <summary>A text as the file's normalizer makes it; added tokens are treated like any text.</summary>
    public string Normalize(string text) => _pipeline.Normalize(text);

    private Draft Draft(EncodeInput input, EncodeOptions options)
    {
        Truncation? truncation = options.Truncation;
        Draft first = Read(input.First, 0, 0, options.SpecialTokensAreText, int.MaxValue);
        Draft? second = input.Second is null ? null : Read(input.Second, 1, input.First.Count, options.SpecialTokensAreText, int.MaxValue);
        truncation?.Apply(first, second, options.AddSpecialTokens ? _processor?.Added(second is not null) ?? 0 : 0);
        return Process(second is null ? [first] : [first, second], options.AddSpecialTokens, input.Sources);
    }

    private Draft Process(List<Draft> drafts, bool addSpecial, IReadOnlyList<string> sources) =>
        Tokenization.Draft.Merge(_processor?.Process([.. drafts.Select((d, i) => d.WithType(i))], addSpecial, new TokenSpaces(IdToToken, sources)) ?? drafts);

    /// <summary>The tokens of one text, or of its words one after the other.</summary>
    private Draft Read(IReadOnlyList<string> texts, int sequence, int firstSource, bool specialsAreText, int most)
    {
        List<Row> rows = [];
        Work work = Work.Rent();
        for (int t = 0; t < texts.Count; t++)
        {
            work.Reset();
            work.Shown.IsWanted = true;
            _pipeline.Split(texts[t], work, specialsAreText);
            _pipeline.Tokenize(work, most);
            TokenBuffer tokens = work.Tokens;
            for (int i = 0; i < tokens.Count; i++)
            {
                string? shown = work.Shown.TryNext(i, out ReadOnlySpan<char> text) ? text.ToString() : null;
                rows.Add(new Row(tokens.Ids[i], sequence, tokens.Starts[i], tokens.Ends[i]) { Sequence = sequence, Source = firstSource + t, Shown = shown });
            }
        }
        Work.Return(work);
        return new Draft(rows, []);
    }

    private void Trim(ReadOnlySpan<char> text, Work work, int count, bool addPrefixSpace)
    {
        TokenBuffer tokens = work.Tokens;
        for (int i = 0; i < count; i++)
        {
            (int leading, int trailing) = work.Shown.TryNext(i, out ReadOnlySpan<char> shown) ? TokenSpaces.Count(shown) : _spaces[tokens.Ids[i]];
            if ((leading | trailing) != 0)
            {
                (tokens.Starts[i], tokens.Ends[i]) = TokenSpaces.Trim(text, tokens.Starts[i], tokens.Ends[i], i == 0 && addPrefixSpace, addPrefixSpace, leading, trailing);
            }
        }
    }

    private static void Fill(EncodingBuffer buffer, Frame frame, TokenBuffer tokens, int count)
    {
        (int before, int after) = (frame.Before.Length, frame.After.Length);
        buffer.Reset(before + count + after);
        buffer.Special = (before, after);
        for (int i = 0; i < before; i++)
        {
            buffer.Set(i, frame.Before[i]);
        }
        buffer.Copy(tokens, count, before, frame.Type);
        for (int i = 0; i < after; i++)
        {
            buffer.Set(before + count + i, frame.After[i]);
        }
    }

    private Draft Slow(string text, bool addSpecialTokens, int maxTokens)
    {
        Draft draft = Read([text], 0, 0, false, maxTokens);
        int most = Math.Max(0, maxTokens - (addSpecialTokens ? SpecialTokens : 0));
        return Process([draft.Rows.Count > most ? new Draft(draft.Rows[..most], []) : draft], addSpecialTokens, [text]);
    }
}
