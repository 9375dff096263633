import { recordedMeter } from "@millrace/telemetry/testing";
import { createNoopMeter, type Meter, ProxyTracerProvider } from "@opentelemetry/api";
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
    const { meter, values } = recordedMeter();
    const store = await openObserved(meter);
    await store.writeBlocks([blockOf({}, 1, "12345"), blockOf({ slot: 1 }, 1, "678")]);
    await store.readBlocks([keyOf(), keyOf({ slot: 9 })]);
    await scanAll(store);
    expect(values("millrace.cell_store.rows")).toEqual({
      "millrace.cell_store.rows write_blocks embedded": 2,
      "millrace.cell_store.rows read_blocks embedded": 1,
      "millrace.cell_store.rows scan embedded": 2,
    });
    expect(values("millrace.cell_store.io")).toEqual({
      "millrace.cell_store.io write_blocks embedded": 8,
      "millrace.cell_store.io read_blocks embedded": 5,
      "millrace.cell_store.io scan embedded": 8,
    });
    expect(Object.keys(values("millrace.cell_store.duration"))).toEqual([
      "millrace.cell_store.duration write_blocks embedded",
      "millrace.cell_store.duration read_blocks embedded",
      "millrace.cell_store.duration scan embedded",
    ]);
  });

  it("reports failures by kind, and passes them on", async () => {
    const { meter, values } = recordedMeter();
    const store = await openObserved(meter);
    await expect(store.writeBlocks([blockOf({ slot: -1 }, 1)])).rejects.toMatchObject({ kind: "invalid" });
    await store.close();
    await expect(scanAll(store)).rejects.toMatchObject({ kind: "unavailable" });
    expect(values("millrace.cell_store.errors")).toEqual({
      "millrace.cell_store.errors write_blocks embedded invalid": 1,
      "millrace.cell_store.errors scan embedded unavailable": 1,
    });
  });

  it("reports a scan that is stopped early", async () => {
    const { meter, values } = recordedMeter();
    const store = await openObserved(meter);
    await store.writeBlocks(Array.from({ length: 1_000 }, (_, slot) => blockOf({ slot }, 1)));
    for await (const _ of store.scan({ ...keyOf(), fromBucket: 0, toBucket: 9_000 })) break;
    expect(values("millrace.cell_store.rows scan")).toEqual({ "millrace.cell_store.rows scan embedded": 256 });
  });
});

async function openObserved(meter: Meter) {
  const inner = await openEmbeddedCellStore({ directory: ":memory:" });
  onTestFinished(() => inner.close());
  return observedCellStore(inner, { meter, tracer, backend: "embedded" });
}
