/**
 * The process is killed at random moments while producers send by every way there is, and started again on what it left.
 * Producers send again whatever no answer covered. What was acknowledged must be there after every kill, and in the end
 * each event counts once, to the last digit of its amount: also those that were appended and never acknowledged.
 */
import { startMillrace } from "@millrace/harness";
import { accountLine, countedTicks, createTicks, expectExactlyOnce, HABITS, Producer } from "@millrace/harness/load";
import { expect, it } from "vitest";

const KILLS = 10;
const LIFE_MS_MIN = 20;
const LIFE_MS_MAX = 700;
/** A busy machine takes seconds for each start. */
const TEST_MS_MAX = 600_000;
const PROJECT = "ticks";
const EVERY_NTH_IS_LOOKED_AT = 5;

it(`counts every event once, though the process is killed ${KILLS} times at random moments`, {
  timeout: TEST_MS_MAX,
}, async () => {
  const millrace = await startMillrace();
  const key = await createTicks(millrace, PROJECT);
  const producers = HABITS.map((habit) => new Producer(millrace, PROJECT, key, habit));
  let stop = new AbortController();
  let runs = producers.map((producer) => producer.run(stop.signal));
  const ready: number[] = [];
  for (let kill = 1; kill <= KILLS; kill++) {
    const lifeMs = LIFE_MS_MIN + Math.random() * (LIFE_MS_MAX - LIFE_MS_MIN);
    await Promise.race([new Promise((resolve) => setTimeout(resolve, lifeMs)), ...runs]);
    await millrace.kill9();
    const isLookedAt = kill % EVERY_NTH_IS_LOOKED_AT === 0;
    if (isLookedAt) {
      // Nobody sends meanwhile, so that what is there is what was durable at the kill.
      stop.abort();
      await Promise.all(runs);
    }
    const startMs = performance.now();
    await millrace.restart();
    ready.push(performance.now() - startMs);
    if (!isLookedAt) continue;
    await expectAcknowledgedThere(producers, millrace);
    stop = new AbortController();
    runs = producers.map((producer) => producer.run(stop.signal));
  }
  for (const producer of producers) producer.stop();
  await Promise.all(runs);
  const { duplicateCount } = await expectExactlyOnce(millrace, PROJECT, producers);
  process.stdout.write(`${KILLS} kills, ready again after at most ${Math.max(...ready).toFixed(0)} ms; `);
  process.stdout.write(`${duplicateCount} events had been appended before without an acknowledgement\n`);
  process.stdout.write(producers.map(accountLine).join(""));
  for (const { failed, account } of producers) {
    expect(failed).toBeGreaterThan(0);
    expect(account.resent).toBeGreaterThan(0);
  }
});

async function expectAcknowledgedThere(
  producers: readonly Producer[],
  millrace: Awaited<ReturnType<typeof startMillrace>>,
) {
  const acknowledged = producers.reduce((sum, { account }) => sum + account.acknowledged, 0);
  await millrace.untilCounted(PROJECT, acknowledged);
  const counted = await countedTicks(millrace, PROJECT);
  for (const { habit, account } of producers) {
    const { count } = counted.get(habit.name) ?? { count: 0 };
    expect(count, habit.name).toBeGreaterThanOrEqual(account.acknowledged);
    expect(count, habit.name).toBeLessThanOrEqual(account.sent);
  }
}
