import { afterAll, beforeAll, expect, it } from "vitest";
import { openKafkaEventLog } from "../kafka-event-log.ts";
import { TestKafka } from "../test-kafka.ts";
import { appendTimes, commitGroupOffsets, offsetsAtTime, readGroupOffsets } from "./group-offsets.ts";

const GROUP = "readers";

let kafka: TestKafka;
beforeAll(async () => {
  kafka = await TestKafka.start();
});
afterAll(() => kafka.stop());

it("offsets of a group are shown, can not be moved under its members, and can be once nobody is in it", async () => {
  const options = await kafka.topic(2);
  const log = await openKafkaEventLog(options);
  const appended: number[] = [];
  for (let i = 0; i < 5; i++) appended.push((await log.append(0, Buffer.from(`record ${i}`))).appendTimeMs);
  const unread = { committed: undefined, first: 0 };
  expect(await readGroupOffsets(options, GROUP)).toEqual({
    topic: options.topic,
    generation: 1,
    group: GROUP,
    groupId: `${GROUP}@${options.topic}`,
    members: 0,
    partitions: [
      { partition: 0, ...unread, end: 5 },
      { partition: 1, ...unread, end: 0 },
    ],
  });

  const { promise: isCommitted, resolve } = Promise.withResolvers<void>();
  const member = await log.join(GROUP, {
    assigned: (owned) => ({
      records: async (records) => {
        await owned.commit(records.at(-1)!.offset + 1);
        if (owned.endOffset() === 5 && records.at(-1)!.offset === 4) resolve();
      },
      idle: () => {},
      revoke: async () => {},
    }),
    failed: (error) => expect.fail(String(error)),
  });
  await isCommitted;
  const wanted = new Map([[0, 2]]);
  expect((await readGroupOffsets(options, GROUP)).members).toBe(1);
  await expect(commitGroupOffsets(options, GROUP, wanted)).rejects.toMatchObject({
    kind: "precondition",
    message: expect.stringContaining("stop every processor first"),
  });
  await member.leave();
  expect((await readGroupOffsets(options, GROUP)).partitions[0]).toMatchObject({ committed: 5 });
  await commitGroupOffsets(options, GROUP, wanted);
  expect(await log.committed(GROUP, 0)).toBe(2);

  expect(await appendTimes(options, wanted)).toEqual(new Map([[0, appended[2]]]));
  expect((await offsetsAtTime(options, appended[0]!)).get(0)).toBe(0);
  expect((await offsetsAtTime(options, appended[4]! + 60_000)).get(0)).toBe(5);
  await log.close();
});
