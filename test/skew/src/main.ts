/** `npm run golden`: records what this release writes and says, for all that come after it. Part of a release. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { record } from "./recording.ts";

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8"));
const release = `v${manifest.version}`;
await record(release);
process.stdout.write(`what ${release} writes and says is recorded in test/skew/golden/${release}\n`);
