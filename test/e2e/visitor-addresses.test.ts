/** The addresses of those who visit web pages are looked at, and forgotten. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startMillrace } from "@millrace/harness";
import { expect, it } from "vitest";
import { beacon, counted, PAGE, pageKey } from "./web-pages.ts";

it("a visitor's address is nowhere kept: not on the disk, in the log or in the metrics", async () => {
  const env = { MILLRACE_TRUSTED_PROXIES: "1", MILLRACE_LOG_LEVEL: "debug" };
  const millrace = await startMillrace({ env });
  const key = await pageKey(millrace, PAGE);
  const address = "203.0.113.199";
  const headers = { "x-forwarded-for": address };
  await beacon(millrace, key, "/to-be-found", headers);
  await beacon(millrace, key, "/refused", { ...headers, origin: "https://evil.example" });
  await counted(millrace, 1);
  expect(await millrace.metrics()).not.toContain(address);
  await millrace.terminate();
  const files = filesOf(millrace.dataDirectory);
  expect(files.some((bytes) => bytes.includes("/to-be-found"))).toBe(true);
  expect(files.filter((bytes) => bytes.includes(address))).toEqual([]);
  expect(millrace.output).toContain('"method":"v1/beacon"');
  expect(millrace.output).not.toContain(address);
});

function filesOf(directory: string): Buffer[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
}
