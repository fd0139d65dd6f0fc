// One peer on one model: reads its texts once, then embeds them all whenever a line comes in and answers with the time of that round.
// node peers.mjs transformers|fastembed MODEL_FOLDER TEXTS.json BATCH
// It lies in the folder where its packages are installed, and nothing is fetched: the model is a folder.
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';

const [, , peer, model, textsFile, batch] = process.argv;
const texts = JSON.parse(readFileSync(textsFile, 'utf8')), size = Number(batch);
const embed = peer === 'transformers' ? await transformers() : await fastembed();

async function transformers() {
  const { env, pipeline } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  env.localModelPath = dirname(model);
  const extract = await pipeline('feature-extraction', basename(model), { dtype: 'fp32', device: 'cpu' });
  return async () => {
    let last;
    for (let i = 0; i < texts.length; i += size) {
      last = await extract(texts.slice(i, i + size), { pooling: 'mean', normalize: true });
    }
    return Array.from(last.data.slice(-last.dims[1]));
  };
}

async function fastembed() {
  const { EmbeddingModel, FlagEmbedding } = await import('fastembed');
  const encoder = await FlagEmbedding.init({ model: EmbeddingModel.CUSTOM, modelAbsoluteDirPath: model, modelName: 'onnx/model.onnx' });
  return async () => {
    let last;
    for await (const vectors of encoder.embed(texts, size)) {
      last = vectors[vectors.length - 1];
    }
    return Array.from(last);
  };
}

for await (const _ of createInterface({ input: process.stdin })) {
  const began = performance.now(), cpu = process.cpuUsage();
  const last = await embed();
  const used = process.cpuUsage(cpu);
  process.stdout.write(JSON.stringify({ wallMs: performance.now() - began, cpuMs: (used.user + used.system) / 1000, last }) + '\n');
}
