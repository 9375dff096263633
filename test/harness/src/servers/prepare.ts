/** A step of `npm test`: brings what the servers of the tests are made of, so that no test waits for it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KINDS, originHere } from "./kinds.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-servers-"));
const wanted = Object.values(KINDS).filter((kind) => !process.env[kind.variable] && originHere(kind) === "own");
await Promise.all(wanted.map(({ bring }) => bring(folder)));
rmSync(folder, { recursive: true });
