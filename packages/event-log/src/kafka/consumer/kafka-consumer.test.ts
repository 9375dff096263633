import { describe } from "vitest";
import { consumeContract } from "../../contract/consume.ts";
import { groupContract } from "../../contract/groups.ts";
import { Harness } from "../../contract/harness.ts";
import { readContract } from "../../contract/read.ts";
import { openTestLog } from "./test-log.ts";

describe("Kafka: the event log's contract of reading", () => {
  const harness = new Harness({ open: openTestLog, patienceMs: 15_000 });
  readContract(harness);
  consumeContract(harness);
  groupContract(harness);
});
