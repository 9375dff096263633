import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Outcome } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { describe, expect, it, onTestFinished } from "vitest";
import { createMillrace } from "./browser.ts";
import { Ledger, startFakeServer } from "./testing/fake-server.ts";

describe("the client of browsers", () => {
  it("imports nothing that only Node has", () => {
    const seen = new Set([join(import.meta.dirname, "browser.ts")]);
    const others = new Set<string>();
    for (const path of seen) {
      for (const [, name = ""] of readFileSync(path, "utf8").matchAll(/^(?:import|export)[^;]*?from "([^"]+)";/gm)) {
        if (name.startsWith(".")) seen.add(join(dirname(path), name));
        else others.add(name.split("/").slice(0, 2).join("/"));
      }
    }
    const allowed = [
      "@bufbuild/protobuf",
      "@connectrpc/connect",
      "@connectrpc/connect-web",
      "@millrace/api",
      "@millrace/failure",
    ];
    expect([...others].sort()).toEqual(allowed);
    expect([...seen].filter((path) => /\/(node|spool)\//.test(path))).toEqual([]);
  });

  it("sends by calls, with the clock of the page", async () => {
    const ledger = new Ledger();
    const clocks: (bigint | undefined)[] = [];
    const { url } = await startFakeServer(
      {
        ingest: {
          send({ events, sentAt }) {
            clocks.push(sentAt?.seconds);
            const { accepted, duplicate } = ledger.take({ events });
            return { acceptedCount: accepted, duplicateCount: duplicate, outcomes: [{ outcome: Outcome.DUPLICATE }] };
          },
        },
      },
      { isHttp1: true },
    );
    const client = createMillrace({ url, key: "key" });
    onTestFinished(async () => void (await client.close({ timeoutMs: 0 })));
    client.with({ anonymousId: "visitor" }).track("page_view", { url: "/" });
    expect(await client.flush()).toEqual({ pending: 0 });
    expect(ledger.counted.size).toBe(1);
    expect(clocks[0]).toBeDefined();
  });
});
