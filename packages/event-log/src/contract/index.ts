import { describe } from "vitest";
import { appendContract } from "./append.ts";
import { consumeContract } from "./consume.ts";
import { groupContract } from "./groups.ts";
import { type ContractOptions, Harness } from "./harness.ts";
import { readContract } from "./read.ts";

export type { Capability, ContractOptions, OpenedLog } from "./harness.ts";

/** Runs every test that each EventLog must pass against the logs that `open` gives. */
export function eventLogContract(backend: string, options: ContractOptions): void {
  const harness = new Harness(options);
  describe(`${backend}: the event log's contract`, () => {
    appendContract(harness);
    readContract(harness);
    consumeContract(harness);
    groupContract(harness);
  });
}
