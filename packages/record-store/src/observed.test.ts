import { recordedMeter } from "@millrace/telemetry/testing";
import { createNoopMeter, type Meter, ProxyTracerProvider } from "@opentelemetry/api";
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
    const { meter, values } = recordedMeter();
    const store = await openObserved(meter);
    const watching = store.watch()[Symbol.asyncIterator]();
    await store.put(changeOf(0, "12345"));
    await store.get("project", "shop");
    await store.list("project", { limit: 10 });
    await watching.next();
    expect(values("millrace.record_store.rows")).toEqual({
      "millrace.record_store.rows put embedded": 1,
      "millrace.record_store.rows get embedded": 1,
      "millrace.record_store.rows list embedded": 1,
      "millrace.record_store.rows watch embedded": 1,
    });
    expect(values("millrace.record_store.io")).toEqual({
      "millrace.record_store.io put embedded": 5,
      "millrace.record_store.io get embedded": 5,
      "millrace.record_store.io list embedded": 5,
    });
    expect(Object.keys(values("millrace.record_store.duration"))).toEqual([
      "millrace.record_store.duration put embedded",
      "millrace.record_store.duration get embedded",
      "millrace.record_store.duration list embedded",
    ]);
  });

  it("reports failures by kind, and passes them on", async () => {
    const { meter, values } = recordedMeter();
    const store = await openObserved(meter);
    await expect(store.put(changeOf(3, "x"))).rejects.toMatchObject({ kind: "stale" });
    await expect(store.put(changeOf(-3, "x"))).rejects.toMatchObject({ kind: "invalid" });
    expect(values("millrace.record_store.errors")).toEqual({
      "millrace.record_store.errors put embedded stale": 1,
      "millrace.record_store.errors put embedded invalid": 1,
    });
  });
});

async function openObserved(meter: Meter) {
  const inner = await openEmbeddedRecordStore({ directory: ":memory:" });
  onTestFinished(() => inner.close());
  return observedRecordStore(inner, { meter, tracer, backend: "embedded" });
}
