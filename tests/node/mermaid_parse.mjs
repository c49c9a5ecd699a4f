// Reads a JSON list of Mermaid texts and writes, for each, what Mermaid's own parser says: its type, or the error.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.WAYBILL_NODE_MODULES}/`);
const { JSDOM } = require("jsdom");
globalThis.window = new JSDOM("").window;
globalThis.document = window.document;
const mermaid = (await import(pathToFileURL(require.resolve("mermaid/dist/mermaid.core.mjs")))).default;

let input = "";
for await (const chunk of process.stdin) input += chunk;
const said = [];
for (const text of JSON.parse(input)) {
  said.push(await mermaid.parse(text).then((parsed) => parsed.diagramType, (error) => `error: ${error.message}`));
}
process.stdout.write(JSON.stringify(said));
