using System.Text;
using AngleSharp;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Retrieval.Contracts;

namespace Retrieval.Ingestion.Readers;

/// <summary>
/// HTML as browsers read it: the main content as Markdown, without navigation, scripts and what is hidden; links resolved against the page's base. Nothing is
/// fetched or run.
/// </summary>
internal sealed class HtmlReader : IReader
{
    /// <summary>Elements deeper than this give their words alone: nobody nests structure so deep, and a walk down is a frame of the stack each.</summary>
    private const int MostDepth = 256;

    private static readonly HashSet<string> Left = new(StringComparer.OrdinalIgnoreCase)
    {
        "script", "style", "noscript", "template", "nav", "footer", "aside", "form", "button", "select", "textarea", "svg", "math", "iframe", "object", "canvas", "audio", "video", "dialog", "head",
    };

    private static readonly HashSet<string> Blocks = new(StringComparer.OrdinalIgnoreCase)
    {
        "p", "div", "section", "article", "main", "header", "blockquote", "figure", "figcaption", "address", "details", "summary", "dl", "dt", "dd", "ul", "ol", "li", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "center", "fieldset", "body",
    };

    public FileFormat Format => FileFormat.Html;

    public ReadText Read(ReadRequest request)
    {
        // The parser takes the charset from byte order mark and meta element itself; one that is neither there nor UTF-8 is told by statistics.
        string? charset = Declares(request.Content) ? null : TextBytes.Decode(request.Content).Charset;
        IHtmlDocument page = charset is null ? Parse(new MemoryStream(request.Content, writable: false)) : new HtmlParser().ParseDocument(TextBytes.Decode(request.Content).Text);
        Walk walk = new(Base(page, request.Url));
        walk.Run(Main(page));
        string title = MarkdownWriter.OneLine(page.Title ?? "");
        return new ReadText(walk.Text, "text/markdown")
        {
            Title = title.Length > 0 ? title : walk.FirstHeading, Language = Word(page.DocumentElement.GetAttribute("lang")), Charset = charset,
        };
    }

    private static IHtmlDocument Parse(Stream content) => new HtmlParser(new HtmlParserOptions { IsScripting = false }, BrowsingContext.New(Configuration.Default)).ParseDocument(content);

    private static bool Declares(byte[] content)
    {
        string head = System.Text.Encoding.Latin1.GetString(content, 0, Math.Min(content.Length, 4096));
        return head.Contains("charset", StringComparison.OrdinalIgnoreCase) || System.Text.Unicode.Utf8.IsValid(content) || content is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..];
    }

    private static Uri? Base(IHtmlDocument page, string? url)
    {
        Uri? own = Uri.TryCreate(url, UriKind.Absolute, out Uri? given) ? given : null;
        string? declared = page.QuerySelector("base[href]")?.GetAttribute("href");
        return declared is null ? own : own is null ? (Uri.TryCreate(declared, UriKind.Absolute, out Uri? alone) ? alone : null) : Uri.TryCreate(own, declared, out Uri? joined) ? joined : own;
    }

    /// <summary>The one element that says it is the content, when it holds a good part of the words; else the body.</summary>
    private static IElement Main(IHtmlDocument page)
    {
        IElement body = page.Body ?? page.DocumentElement;
        IHtmlCollection<IElement> articles = page.QuerySelectorAll("article");
        IElement? main = page.QuerySelector("main, [role=main]") ?? (articles.Length == 1 ? articles[0] : null);
        return main is not null && Letters(main) * 5 >= Letters(body) ? main : body;
    }

    private static int Letters(IElement element)
    {
        int letters = 0;
        foreach (INode node in Below(element))
        {
            letters += node is IText { ParentElement: { } parent } text && !Left.Contains(parent.LocalName) ? text.Data.Length : 0;
        }
        return letters;
    }

    /// <summary>Everything below a node in order, without going down a frame of the stack a level.</summary>
    private static IEnumerable<INode> Below(INode root)
    {
        // By index: the library finds a node's next sibling by looking through all of them.
        Stack<(INodeList Nodes, int Next)> open = new([(root.ChildNodes, 0)]);
        while (open.TryPop(out (INodeList Nodes, int Next) level))
        {
            if (level.Next < level.Nodes.Length)
            {
                INode node = level.Nodes[level.Next];
                open.Push((level.Nodes, level.Next + 1));
                yield return node;
                open.Push((node.ChildNodes, 0));
            }
        }
    }

    private static string? Word(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static bool IsHidden(IElement element) => Left.Contains(element.LocalName) || element.HasAttribute("hidden") || element.GetAttribute("aria-hidden") == "true"
        || element.GetAttribute("role") is "navigation" or "banner" or "contentinfo" or "search"
        || element.GetAttribute("style")?.Replace(" ", "", StringComparison.Ordinal).Contains("display:none", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>One walk over a page.</summary>
    private sealed class Walk(Uri? baseUrl)
    {
        private readonly MarkdownWriter _out = new();
        private readonly StringBuilder _line = new();
        private int _list;
        private bool _isFirstItem = true;

        public string Text => _out.ToString();

        public string? FirstHeading => _out.FirstHeading;

        public void Run(IElement root)
        {
            Children(root, 0);
            Flush();
        }

        private void Children(INode parent, int depth)
        {
            foreach (INode child in parent.ChildNodes)
            {
                Node(child, depth + 1);
            }
        }

        private void Node(INode node, int depth)
        {
            switch (node)
            {
                case IText text:
                    _line.Append(text.Data);
                    break;
                case IElement element when IsHidden(element):
                    break;
                case IElement element when depth > MostDepth:
                    Words(element, _line);
                    break;
                case IElement element when Blocks.Contains(element.LocalName):
                    Flush();
                    Block(element, depth);
                    Flush();
                    break;
                case IElement element:
                    Inline(element, depth);
                    break;
            }
        }

        private void Block(IElement element, int depth)
        {
            switch (element.LocalName)
            {
                case ['h', >= '1' and <= '6'] name:
                    _out.Heading(name[1] - '0', Inner(element));
                    break;
                case "pre":
                    _out.Code(Inner(element));
                    break;
                case "table":
                    Table(element, depth);
                    break;
                case "ul" or "ol":
                    List(element, depth);
                    break;
                case "dt":
                    _out.Paragraph($"**{MarkdownWriter.OneLine(Inner(element))}**");
                    break;
                default:
                    Children(element, depth);
                    break;
            }
        }

        private void Inline(IElement element, int depth)
        {
            switch (element.LocalName)
            {
                case "br":
                    _line.Append('\u2028'); // kept apart from the source's own line ends, which are spaces
                    break;
                case "img":
                    _line.Append(element.GetAttribute("alt"));
                    break;
                case "code" or "kbd" or "samp" when Inner(element) is { Length: > 0 } code && !code.Contains('`'):
                    _line.Append('`').Append(MarkdownWriter.OneLine(code)).Append('`');
                    break;
                case "a" when Link(element) is { } link:
                    _line.Append(link);
                    break;
                default:
                    Children(element, depth);
                    break;
            }
        }

        /// <summary>Null for what leads nowhere a reader could go, or holds more than words.</summary>
        private string? Link(IElement element)
        {
            string href = element.GetAttribute("href")?.Trim() ?? "", words = MarkdownWriter.OneLine(Inner(element)).Replace("]", "\\]", StringComparison.Ordinal);
            bool isPlain = !element.Children.Any(c => Blocks.Contains(c.LocalName));
            bool leads = href.Length > 0 && href[0] != '#' && !href.StartsWith("javascript:", StringComparison.OrdinalIgnoreCase) && !href.StartsWith("data:", StringComparison.OrdinalIgnoreCase);
            string? target = !leads ? null : baseUrl is not null && Uri.TryCreate(baseUrl, href, out Uri? resolved) ? resolved.AbsoluteUri : href;
            return target is null || !isPlain || words.Length == 0 ? null : $"[{words}]({target.Replace(" ", "%20", StringComparison.Ordinal).Replace(")", "%29", StringComparison.Ordinal)})";
        }

        private void List(IElement list, int depth)
        {
            bool isOrdered = list.LocalName == "ol";
            int number = int.TryParse(list.GetAttribute("start"), out int start) ? start : 1;
            _isFirstItem |= _list == 0;
            _list++;
            foreach (IElement item in list.Children)
            {
                if (item.LocalName == "li" && !IsHidden(item))
                {
                    Item(item, isOrdered ? $"{number++}." : "-", depth);
                }
                else
                {
                    Node(item, depth + 1);
                }
            }
            _list--;
        }

        /// <summary>The words before the item's first list stand on its line; lists inside it follow, indented.</summary>
        private void Item(IElement item, string mark, int depth)
        {
            List<INode> lists = [];
            foreach (INode child in item.ChildNodes)
            {
                if (child is IElement { LocalName: "ul" or "ol" or "table" or "pre" } nested)
                {
                    lists.Add(nested);
                }
                else if (child is IElement { } block && Blocks.Contains(block.LocalName))
                {
                    _line.Append(' ');
                    Inside(block, depth + 1);
                    _line.Append(' ');
                }
                else
                {
                    Node(child, depth + 1);
                }
            }
            if (!string.IsNullOrWhiteSpace(_line.ToString()))
            {
                _out.Item(_list - 1, mark, _line.ToString(), _isFirstItem);
                _isFirstItem = false;
            }
            _line.Clear();
            lists.ForEach(l => Node(l, depth + 1));
        }

        /// <summary>A block's words on the present line, whatever blocks are in it.</summary>
        private void Inside(IElement block, int depth)
        {
            if (IsHidden(block))
            {
                return;
            }
            if (depth > MostDepth || block.Children.Any(c => Blocks.Contains(c.LocalName)))
            {
                Words(block, _line);
            }
            else
            {
                Children(block, depth);
            }
        }

        private void Table(IElement table, int depth)
        {
            IElement[] rows = [.. table.QuerySelectorAll("tr").Where(r => r.Closest("table") == table)];
            // Pages that are laid out in tables hold paragraphs and tables in their cells.
            if (table.QuerySelector("table") is not null || rows.All(r => r.Children.Length <= 1))
            {
                foreach (IElement cell in rows.SelectMany(r => r.Children))
                {
                    Children(cell, depth + 3);
                    Flush();
                }
                return;
            }
            if (table.QuerySelector("caption") is { } caption)
            {
                _out.Paragraph(Inner(caption));
            }
            _out.Table([.. rows.Select(r => (IReadOnlyList<string>)[.. r.Children.Where(c => c.LocalName is "td" or "th").Select(Inner)])]);
        }

        private static string Inner(IElement element)
        {
            StringBuilder words = new();
            Words(element, words);
            return words.ToString();
        }

        /// <summary>The words below an element, blocks parted by a space.</summary>
        private static void Words(IElement element, StringBuilder words)
        {
            bool keepsLines = element.LocalName == "pre";
            foreach (INode node in Below(element))
            {
                if (node is IText text && (text.ParentElement is not { } parent || !Left.Contains(parent.LocalName)))
                {
                    words.Append(text.Data);
                }
                else if (node is IElement { LocalName: "br" })
                {
                    words.Append('\n');
                }
                else if (!keepsLines && node is IElement block && (Blocks.Contains(block.LocalName) || block.LocalName is "td" or "th"))
                {
                    words.Append(' ');
                }
            }
        }

        private void Flush()
        {
            string line = _line.ToString();
            _line.Clear();
            _out.Paragraph(string.Join('\n', line.Split('\u2028').Select(MarkdownWriter.OneLine)));
        }
    }
}
