/**
 * A day of edits of Wikipedia, counted by metrics and rollups of one's own: bytes added, deleted, and their difference,
 * which is often negative; by hour, and by some 35,000 pages.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Millrace, startMillrace } from "@millrace/harness";
import { type AnswerRow, ask, askOnce, between, Granularity, type Question } from "@millrace/harness/load";
import { describe, expect, it } from "vitest";
import { cutToBytes } from "./cut-text.ts";
import { dataSets, randomFrom } from "./data-sets.ts";

const PROJECT = "wiki";
const GENERATED_EDITS = 8_000;
const DIMENSION_BYTES_MAX = 200;
const TOP = 25;
const METRICS = ["edits", "added", "deleted", "delta"] as const;

type Edit = {
  readonly time: string;
  readonly channel: string;
  readonly page: string;
  readonly added: number;
  readonly deleted: number;
  readonly delta: number;
};

type Sums = { edits: number; added: number; deleted: number; delta: number };

const DAY: Question = {
  projectId: PROJECT,
  metrics: [...METRICS],
  timeRange: between("2015-09-12T00:00Z", "2015-09-13T00:00Z"),
};

const sets = dataSets({ file: "wikiticker-2015-09-12-sampled.json.gz", take: (text) => text }, generateEdits);

describe.each(sets)("a day of edits, $title", ({ text }) => {
  it("has the hours, the channels and the pages that a direct computation gives, negative sums too", async () => {
    const millrace = await startMillrace();
    const ndjson = text();
    const edits: Edit[] = ndjson
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    await measureEdits(millrace);
    await importEdits(millrace, ndjson, edits.length);

    const hourOf = (edit: Edit) => `${edit.time.slice(0, 13)}:00:00Z`;
    const hourly = await ask(millrace, { ...DAY, granularity: Granularity.GRANULARITY_1H });
    expectSums(hourly, "time", sumBy(edits, hourOf));

    const channels = await ask(millrace, { ...DAY, dimensions: ["channel"] });
    expectSums(
      channels,
      "channel",
      sumBy(edits, ({ channel }) => channel),
    );

    const byPage = sumBy(edits, ({ page }) => cutToBytes(page, DIMENSION_BYTES_MAX));
    const pages: Question = { ...DAY, dimensions: ["properties.page"] };
    const all = await ask(millrace, { ...pages, limit: 10_000 });
    expectSums(all, "properties.page", byPage);

    for (const [field, descending] of [
      ["added", true],
      ["delta", false],
    ] as const) {
      const top = await askOnce(millrace, { ...pages, orderBy: [{ field, descending }], limit: TOP });
      expect(top).toHaveLength(TOP);
      const sorted = [...byPage.values()].map((sums) => sums[field]).sort((a, b) => (descending ? b - a : a - b));
      expect(top.map((row) => Number(row[field]))).toEqual(sorted.slice(0, TOP));
    }
    expect(
      Math.min(...hourly.map((row) => Number(row["delta"])), ...all.map((row) => Number(row["delta"]))),
    ).toBeLessThan(0);
    process.stdout.write(`${edits.length} edits of ${byPage.size} pages: the same in every hour, channel and page\n`);
  });
});

async function measureEdits(millrace: Millrace): Promise<void> {
  const metrics = METRICS.join(",");
  const commands = [
    ["project", "create", PROJECT],
    ["metric", "create", "edits", "--aggregation", "count"],
    ...["added", "deleted", "delta"].map((name) => [
      ...["metric", "create", name, "--aggregation", "sum", "--property", name, "--unit", "B"],
    ]),
    ["rollup", "create", "totals", "--metrics", metrics],
    ["rollup", "create", "channels", "--metrics", metrics, "--by", "channel"],
    ["rollup", "create", "pages", "--metrics", metrics, "--by", "properties.page", "--slots", "256"],
  ];
  for (const command of commands) {
    const done = await millrace.cli(...command, ...(command[0] === "project" ? [] : ["--project", PROJECT]));
    expect(done, done.stderr).toMatchObject({ exitCode: 0 });
  }
}

async function importEdits(millrace: Millrace, ndjson: string, count: number): Promise<void> {
  writeFileSync(join(millrace.dataDirectory, "edits.ndjson"), ndjson);
  const rules = ["name='edit'", "time=time", "user_id=user", "channel=channel", "properties.page=page"];
  const mapping = [...rules, "added=added", "deleted=deleted", "delta=delta"].flatMap((rule) => ["--map", rule]);
  const sent = await millrace.cli(
    ...["send", "--project", PROJECT, "--import", "--file", "edits.ndjson", ...mapping, "--wait", "--json"],
  );
  expect(sent, sent.stderr).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(sent.stdout)).toMatchObject({ read: count, accepted: count, duplicate: 0, rejected: 0 });
  await millrace.untilCounted(PROJECT, count);
}

function sumBy(edits: readonly Edit[], keyOf: (edit: Edit) => string): Map<string, Sums> {
  const sums = new Map<string, Sums>();
  for (const edit of edits) {
    const key = keyOf(edit);
    const sum = sums.get(key) ?? { edits: 0, added: 0, deleted: 0, delta: 0 };
    sum.edits += 1;
    sum.added += edit.added;
    sum.deleted += edit.deleted;
    sum.delta += edit.delta;
    sums.set(key, sum);
  }
  return sums;
}

/** Expects each row to be as computed, hours without an edit to be zero, and nothing to be left out. */
function expectSums(rows: readonly AnswerRow[], column: string, expected: ReadonlyMap<string, Sums>): void {
  const answered = new Map<string, Sums>();
  for (const row of rows) {
    const sums = {
      edits: Number(row["edits"]),
      added: Number(row["added"]),
      deleted: Number(row["deleted"]),
      delta: Number(row["delta"]),
    };
    if (sums.edits > 0) answered.set(String(row[column]), sums);
    else expect(sums).toEqual({ edits: 0, added: 0, deleted: 0, delta: 0 });
  }
  const inOrder = (sums: ReadonlyMap<string, Sums>) => [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
  expect(inOrder(answered)).toEqual(inOrder(expected));
}

function generateEdits(): string {
  const random = randomFrom(20_150_912);
  const below = (bound: number): number => Math.floor(random() * bound);
  const startMs = Date.UTC(2015, 8, 12);
  const titles = ["Talk:Łódź", "東京", "Q", "Användare:Lsjbot", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "(other) things", `${"Ж".repeat(120)}`];
  const lines = Array.from({ length: GENERATED_EDITS }, (_, i) => {
    const change = random() < 0.4 ? -below(20_000) : below(30_000);
    return JSON.stringify({
      time: new Date(startMs + Math.floor((i * 86_400_000) / GENERATED_EDITS)).toISOString(),
      channel: `#${["en", "de", "vi"][below(3)]}.wikipedia`,
      cityName: null,
      page: `${titles[below(titles.length)]} ${Math.min(below(3_000), below(3_000))}`,
      user: `u${below(500)}`,
      delta: change,
      added: Math.max(0, change),
      deleted: Math.max(0, -change),
    });
  });
  return `${lines.join("\n")}\n`;
}
