// Cohere's own client against a server: node cohere.mjs http://127.0.0.1:8080 model
import { CohereClient, CohereClientV2, CohereError } from "cohere-ai";

const [, , environment, model] = process.argv;
const client = new CohereClientV2({ token: "none", environment }), first = new CohereClient({ token: "none", environment });
const documents = ["Bread is baked from flour.", "A lamp gives light in the dark.", "The train leaves at noon."], query = "What shines at night?";
const failure = async call => {
  try {
    await call();
  } catch (e) {
    return { status: e.statusCode, message: e.body?.message, isCohere: e instanceof CohereError };
  }
  return null;
};
console.log(JSON.stringify({
  embed: await client.embed({ model, inputType: "search_document", texts: documents, embeddingTypes: ["float", "int8", "uint8", "binary", "ubinary"] }),
  rerank: await client.rerank({ model, query, documents, topN: 2 }),
  first: await first.rerank({ model, query, documents, returnDocuments: true }),
  unknown: await failure(() => client.embed({ model: "embed-v4.0", inputType: "search_query", texts: ["a"], embeddingTypes: ["float"] }, { maxRetries: 0 })),
  side: await failure(() => client.embed({ model, inputType: "poetry", texts: ["a"], embeddingTypes: ["float"] }, { maxRetries: 0 })),
}));
