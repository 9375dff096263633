import { randomBytes } from "node:crypto";
import { openEmbeddedRecordStore } from "@millrace/record-store/embedded";
import { expect, it, onTestFinished } from "vitest";
import { Sessions } from "./sessions.ts";

it("are at most 500: another ends the one that would end first", async () => {
  const records = await openEmbeddedRecordStore({ directory: ":memory:" });
  onTestFinished(() => records.close());
  let nowMs = 0;
  const sessions = new Sessions({ records, now: () => nowMs, random: randomBytes });
  const first = await sessions.open("administrator");
  nowMs = 1;
  const second = await sessions.open("administrator");
  for (let i = 0; i < 498; i++) await sessions.open("administrator");
  expect(await sessions.find(first.text)).toMatchObject({ subject: "administrator" });
  await sessions.open("administrator");
  await expect(sessions.find(first.text)).rejects.toMatchObject({ reason: "SESSION_INVALID" });
  expect(await sessions.find(second.text)).toMatchObject({ sessionId: second.sessionId });
});
