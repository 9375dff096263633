import { runHistory, type Variant } from "./history.ts";

/** Names the one history to run again. */
const SEED_VARIABLE = "MILLRACE_SIMULATION_SEED";

/** So many things that are wrong with a history are told. */
const TOLD_MAX = 8;

/** What some histories came to. */
export type HistoriesAccount = {
  /** Each that went wrong: its seed, what is wrong, and how to run it again. */
  readonly wrong: readonly string[];
  /** One line, for people. */
  readonly text: string;
};

/** Rising seeds, or the one that the environment names. */
export function seedsFrom(first: number, count: number): readonly number[] {
  const named = process.env[SEED_VARIABLE] ?? "";
  return named === "" ? Array.from({ length: count }, (_, i) => first + i) : [Number(named)];
}

/**
 * Runs a history for each seed.
 *
 * @param wrongMax ends after so many that went wrong
 */
export async function runHistories(
  seeds: readonly number[],
  variant: Variant = {},
  wrongMax = 3,
): Promise<HistoriesAccount> {
  const wrong: string[] = [];
  const sums = { histories: 0, sent: 0, crashes: 0, events: 0 };
  for (const seed of seeds) {
    const result = await runHistory(seed, variant);
    sums.histories++;
    sums.sent += result.sent;
    sums.crashes += result.crashes;
    sums.events += result.events;
    const { symptom } = variant;
    const problems = result.problems.filter((problem) => symptom === undefined || symptom.test(problem));
    if (problems.length > 0) wrong.push(told(seed, problems));
    if (wrong.length >= wrongMax) break;
  }
  const { histories, sent, crashes, events } = sums;
  const text = `${histories} histories from seed ${seeds[0]}: ${sent} events sent, ${crashes} crashes, ${events} steps; ${wrong.length} wrong`;
  return { wrong, text };
}

function told(seed: number, problems: readonly string[]): string {
  const first = problems.slice(0, TOLD_MAX);
  const more = problems.length > TOLD_MAX ? [`and ${problems.length - TOLD_MAX} more`] : [];
  const again = `seed ${seed} (again: ${SEED_VARIABLE}=${seed} npx vitest run simulation.test)`;
  return [again, ...first, ...more].join("\n  ");
}
