import { type Counter, createNoopMeter, type Histogram, type Meter, ProxyTracerProvider } from "@opentelemetry/api";
import { describe, expect, it, onTestFinished } from "vitest";
import { recordStoreContract } from "./contract/index.ts";
import { changeOf } from "./contract/samples.ts";
import { openEmbeddedRecordStore } from "./embedded/index.ts";
import { observedRecordStore } from "./observed.ts";

const tracer = new ProxyTracerProvider().getTracer("test");

recordStoreContract("an observed store", {
  open: () => openObserved(createNoopMeter()),
  reopen: () => openObserved(createNoopMeter()),
  except: [{ capability: "reopen", reason: "memory is gone at close" }],
});

describe("an observed record store", () => {
  it("reports rows and bytes of each call, and notices", async () => {
    const { meter, reported } = recordingMeter();
    const store = await openObserved(meter);
    const watching = store.watch()[Symbol.asyncIterator]();
    await store.put(changeOf(0, "12345"));
    await store.get("project", "shop");
    await store.list("project", { limit: 10 });
    await watching.next();
    expect(reported("rows")).toEqual({ put: 1, get: 1, list: 1, watch: 1 });
    expect(reported("bytes")).toEqual({ put: 5, get: 5, list: 5 });
    expect(Object.keys(reported("duration"))).toEqual(["put", "get", "list"]);
  });

  it("reports failures by kind, and passes them on", async () => {
    const { meter, reported } = recordingMeter();
    const store = await openObserved(meter);
    await expect(store.put(changeOf(3, "x"))).rejects.toMatchObject({ kind: "stale" });
    await expect(store.put(changeOf(-3, "x"))).rejects.toMatchObject({ kind: "invalid" });
    expect(reported("errors")).toEqual({ "put stale": 1, "put invalid": 1 });
  });
});

async function openObserved(meter: Meter) {
  const inner = await openEmbeddedRecordStore({ directory: ":memory:" });
  onTestFinished(() => inner.close());
  return observedRecordStore(inner, { meter, tracer, backend: "embedded" });
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
