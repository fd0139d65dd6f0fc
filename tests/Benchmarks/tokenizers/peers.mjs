// One peer on one tokenizer: reads its texts once, then runs them all whenever a line comes in and answers with the times of that round.
// node peers.mjs native|native-batch|js tokenizer.json texts.json
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , peer, tokenizerFile, textsFile] = process.argv;
const texts = JSON.parse(readFileSync(textsFile, 'utf8'));
const loadBegan = performance.now();
const encodeAll = peer === 'js' ? await javascript() : await native(peer === 'native-batch');
const loadMs = performance.now() - loadBegan;

async function native(batch) {
  const { Tokenizer } = (await import('@anush008/tokenizers')).default;
  const tokenizer = Tokenizer.fromString(readFileSync(tokenizerFile, 'utf8'));
  tokenizer.disableTruncation();
  tokenizer.disablePadding();
  return async (take) => {
    if (batch) {
      (await tokenizer.encodeBatch(texts)).forEach((e, i) => take(i, e.getLength(), e));
      return;
    }
    for (let i = 0; i < texts.length; i++) {
      const encoding = await tokenizer.encode(texts[i]);
      take(i, encoding.getLength(), encoding);
    }
  };
}

async function javascript() {
  const { Tokenizer } = await import('@huggingface/tokenizers');
  const tokenizer = new Tokenizer(JSON.parse(readFileSync(tokenizerFile, 'utf8')), {});
  return async (take) => {
    for (let i = 0; i < texts.length; i++) {
      const encoding = tokenizer.encode(texts[i]);
      take(i, encoding.ids.length, encoding);
    }
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  let tokens = 0;
  const ids = line === 'ids' ? [] : null;
  const cpu = process.cpuUsage(), wall = performance.now();
  await encodeAll((i, count, encoding) => {
    tokens += count;
    ids?.push(Array.from(encoding.ids ?? encoding.getIds()));
  });
  const used = process.cpuUsage(cpu);
  process.stdout.write(JSON.stringify({ tokens, cpuMs: (used.user + used.system) / 1000, wallMs: performance.now() - wall, loadMs, ids }) + '\n');
}
