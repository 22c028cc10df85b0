// Starts the emulator of Slack's Web API on a loopback port and obeys lines on its standard input:
// `reset` empties the workspace and seeds it anew. It answers each with one line, the first when it
// listens. When the input ends, it ends.
//
// node start.mjs FOLDER PORT URL SEED: FOLDER holds node_modules; URL is the address by which others
// know it; SEED is the workspace as JSON.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [folder, port, baseUrl, seed] = process.argv.slice(2);
const api = pathToFileURL(join(folder, "node_modules", "emulate", "dist", "api.js"));
const { createEmulator } = await import(api.href);
const emulator = await createEmulator({
  service: "slack",
  port: Number(port),
  hostname: "127.0.0.1",
  baseUrl,
  seed: { slack: JSON.parse(seed) },
});
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "reset") emulator.reset();
  console.log("done");
}
await emulator.close();
process.exit(0);
