import { type Counter, createNoopMeter, type Histogram, type Meter, ProxyTracerProvider } from "@opentelemetry/api";
import { describe, expect, it, onTestFinished } from "vitest";
import { cellStoreContract } from "./contract/index.ts";
import { blockOf, keyOf, scanAll } from "./contract/samples.ts";
import { openEmbeddedCellStore } from "./embedded/index.ts";
import { observedCellStore } from "./observed.ts";

const tracer = new ProxyTracerProvider().getTracer("test");

cellStoreContract("an observed store", {
  open: () => openObserved(createNoopMeter()),
  reopen: () => openObserved(createNoopMeter()),
  except: [{ capability: "reopen", reason: "memory is gone at close" }],
});

describe("an observed cell store", () => {
  it("reports duration, rows and bytes of each call", async () => {
    const { meter, reported } = recordingMeter();
    const store = await openObserved(meter);
    await store.writeBlocks([blockOf({}, 1, "12345"), blockOf({ slot: 1 }, 1, "678")]);
    await store.readBlocks([keyOf(), keyOf({ slot: 9 })]);
    await scanAll(store);
    expect(reported("rows")).toEqual({ write_blocks: 2, read_blocks: 1, scan: 2 });
    expect(reported("bytes")).toEqual({ write_blocks: 8, read_blocks: 5, scan: 8 });
    expect(Object.keys(reported("duration"))).toEqual(["write_blocks", "read_blocks", "scan"]);
  });

  it("reports failures by kind, and passes them on", async () => {
    const { meter, reported } = recordingMeter();
    const store = await openObserved(meter);
    await expect(store.writeBlocks([blockOf({ slot: -1 }, 1)])).rejects.toMatchObject({ kind: "invalid" });
    await store.close();
    await expect(scanAll(store)).rejects.toMatchObject({ kind: "unavailable" });
    expect(reported("errors")).toEqual({ "write_blocks invalid": 1, "scan unavailable": 1 });
  });

  it("reports a scan that is stopped early", async () => {
    const { meter, reported } = recordingMeter();
    const store = await openObserved(meter);
    await store.writeBlocks(Array.from({ length: 1_000 }, (_, slot) => blockOf({ slot }, 1)));
    for await (const _ of store.scan({ ...keyOf(), fromBucket: 0, toBucket: 9_000 })) break;
    expect(reported("rows").scan).toBe(256);
  });
});

async function openObserved(meter: Meter) {
  const inner = await openEmbeddedCellStore({ directory: ":memory:" });
  onTestFinished(() => inner.close());
  return observedCellStore(inner, { meter, tracer, backend: "embedded" });
}

/** A meter that adds up what it is given, by operation and, of errors, kind. */
function recordingMeter() {
  const sums = new Map<string, Record<string, number>>();
  const instrument = (name: string) => {
    const short = name.split(".").at(-1) ?? name;
    const sum: Record<string, number> = {};
    sums.set(short, sum);
    const add = (value: number, { operation, kind }: Record<string, unknown> = {}) => {
      const key = kind === undefined ? `${operation}` : `${operation} ${kind}`;
      sum[key] = (sum[key] ?? 0) + value;
    };
    return { add, record: add };
  };
  const meter: Meter = Object.assign(createNoopMeter(), {
    createCounter: (name: string): Counter => instrument(name),
    createHistogram: (name: string): Histogram => instrument(name),
  });
  return { meter, reported: (name: string) => sums.get(name) ?? {} };
}
