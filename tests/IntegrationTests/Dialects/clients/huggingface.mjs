// Hugging Face's own client against a server: node huggingface.mjs http://127.0.0.1:8080
import { InferenceClient } from "@huggingface/inference";

const [, , address] = process.argv;
const client = new InferenceClient();
const failure = async call => {
  try {
    await call();
  } catch (e) {
    return { status: e.httpResponse?.status, body: e.httpResponse?.body };
  }
  return null;
};
const inputs = ["A lamp.", "A ladder."];
console.log(JSON.stringify({
  embed: await client.featureExtraction({ endpointUrl: `${address}/embed`, inputs }),
  root: await client.featureExtraction({ endpointUrl: address, inputs }),
  similarity: await client.sentenceSimilarity({ endpointUrl: `${address}/similarity`, inputs: { source_sentence: "A lamp.", sentences: inputs } }),
  empty: await failure(() => client.featureExtraction({ endpointUrl: `${address}/embed`, inputs: [] })),
}));
