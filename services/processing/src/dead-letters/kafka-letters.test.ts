/** Dead letters in Kafka: what the reading of letters asks of a log holds there too. */
import { randomUUID } from "node:crypto";
import { migrateKafkaTopics, openKafkaEventLog } from "@millrace/event-log/kafka";
import { kafkaServer } from "@millrace/harness/servers";
import { silentLogger } from "@millrace/runtime";
import { expect, it, onTestFinished } from "vitest";
import { type DeadLetter, deadLettersIn } from "./dead-letters.ts";
import { movesRecord } from "./letter-format.ts";
import { letterEnds, readLetters } from "./letter-pages.ts";

const { signal } = new AbortController();

function letter(partition: number, offset: number): DeadLetter {
  const position = { generation: 1, partition, offset, index: 0 };
  return { position, projectId: "site", reason: "FOLD_FAILED", problem: "too much", bytes: new Uint8Array([1, 2, 3]) };
}

it("are kept, found once by position over all partitions, and know where they went", async () => {
  const { brokers } = await kafkaServer();
  const name = `letters-${randomUUID()}`;
  const topics = { topic: `${name}-events`, deadLettersTopic: name, controlTopic: `${name}-control` };
  const log = silentLogger();
  const making = { partitions: 3, replicationFactor: 1, allow: ["replication-factor" as const] };
  await migrateKafkaTopics({ brokers, ...topics, log }, making);
  const letterLog = await openKafkaEventLog({ brokers, topic: name, controlTopic: topics.controlTopic, log });
  onTestFinished(() => letterLog.close());

  const letters = [letter(0, 7), letter(1, 5), letter(4, 9), letter(2, 1)];
  const kept = deadLettersIn(letterLog);
  await kept.put(letters, signal);
  await kept.put(letters.slice(0, 2), signal);
  const to = { generation: 1, partition: 1, offset: 70, index: 3 };
  await letterLog.append(1, movesRecord({ timeMs: 5, moves: [[letters[1]!.position, to]] }), { signal });

  const deps = { letters: letterLog, log };
  const question = { accepts: () => true, lettersMax: 3, bytesMax: 1_000 };
  const first = await readLetters(question, deps, signal);
  expect(first.hasMore).toBe(true);
  const second = await readLetters({ ...question, after: first.letters.at(-1)!.position }, deps, signal);
  const found = [...first.letters, ...second.letters];
  expect(found.map(({ position, bytes }) => [position.partition, [...bytes!]])).toEqual(
    [0, 1, 2, 4].map((partition) => [partition, [1, 2, 3]]),
  );
  expect(found.map(({ redriven }) => redriven)).toEqual([undefined, { to, timeMs: 5 }, undefined, undefined]);
  expect([...(await letterEnds(letterLog, signal))].reduce((sum, end) => sum + end, 0)).toBe(7);
}, 60_000);
