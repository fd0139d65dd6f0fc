// OpenAI's own client against a server: node openai.mjs http://127.0.0.1:8080 model
import OpenAI, { NotFoundError, BadRequestError } from "openai";

const [, , address, model] = process.argv;
const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: "none", maxRetries: 0 });
const failure = async call => {
  try {
    await call();
  } catch (e) {
    return { status: e.status, type: e.type, code: e.code, param: e.param, isNotFound: e instanceof NotFoundError, isBadRequest: e instanceof BadRequestError };
  }
  return null;
};
console.log(JSON.stringify({
  // The client asks for base64 when it is told nothing, and reads it.
  plain: await client.embeddings.create({ model, input: ["A lamp.", "A ladder."] }),
  floats: await client.embeddings.create({ model, input: ["A lamp.", "A ladder."], encoding_format: "float" }),
  one: await client.embeddings.create({ model, input: "A lamp.", user: "someone" }),
  ids: await client.embeddings.create({ model, input: [[101, 1037, 10437, 1012, 102]] }),
  models: (await client.models.list()).data,
  model: await client.models.retrieve(model),
  unknown: await failure(() => client.embeddings.create({ model: "text-embedding-3-small", input: "A lamp." })),
  dimensions: await failure(() => client.embeddings.create({ model, input: "A lamp.", dimensions: 64 })),
  empty: await failure(() => client.embeddings.create({ model, input: "" })),
}));
