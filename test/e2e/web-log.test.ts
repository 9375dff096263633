/**
 * The access log of a web site becomes its page views. Bots are marked and kept apart: nothing is dropped, and the views
 * of people and of bots together are all there were. What is expected is computed from the file: the log is taken apart
 * here, isbot says who is a bot, and the enrichment package what a page and a browser are.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CURRENT_VERSION, type DerivedField, type EnrichmentInput, enrichment } from "@millrace/enrichment";
import { type Millrace, startMillrace } from "@millrace/harness";
import { type AnswerRow, ask, askWithColumns, between, Granularity, type Question } from "@millrace/harness/load";
import { isbot } from "isbot";
import { describe, expect, it } from "vitest";
import { dataSets, randomFrom } from "./data-sets.ts";

const PROJECT = "site";
const GENERATED_LINES = 4_000;
const STANDARD_ERRORS_MAX = 4;

const WEEK: Question = {
  projectId: PROJECT,
  metrics: ["page_views", "bot_views"],
  timeRange: between("2015-05-16T00:00Z", "2015-05-23T00:00Z"),
};

type View = { readonly day: string; readonly ip: string; readonly input: EnrichmentInput; readonly isBot: boolean };

const sets = dataSets({ file: "apache_logs.gz", take: (text) => text }, generateLog);
const rules = enrichment(CURRENT_VERSION);

describe.each(sets)("a web site's log, $title", ({ text }) => {
  it("has its pages, browsers and systems, with bots kept apart and nothing lost", async () => {
    const millrace = await startMillrace();
    const log = text();
    const views = log.trimEnd().split("\n").map(readView);
    const people = views.filter(({ isBot }) => !isBot);
    const bots = views.length - people.length;
    await importLog(millrace, log, views.length);
    const sheet = await millrace.untilCounted(PROJECT, views.length);
    expect(sheet).toMatchObject({ foldedCount: BigInt(views.length), botCount: BigInt(bots) });

    const { rows, columns } = await askWithColumns(millrace, {
      ...WEEK,
      metrics: ["page_views", "bot_views", "visitors"],
    });
    expect(rows).toMatchObject([{ page_views: people.length, bot_views: bots }]);
    const visitors = new Set(people.map(({ ip, input }) => `${ip}\n${input.user_agent}`)).size;
    const { exact, relativeError } = columns.get("visitors")!;
    const tolerance = exact ? 0 : visitors * relativeError * STANDARD_ERRORS_MAX;
    expect(Math.abs(Number(rows[0]!["visitors"]) - visitors)).toBeLessThanOrEqual(tolerance);

    const daily = await ask(millrace, { ...WEEK, granularity: Granularity.GRANULARITY_1D });
    expect(counts(daily, (row) => String(row["time"]).slice(0, 10), "page_views")).toEqual(
      tally(people, ({ day }) => day),
    );

    for (const field of ["browser", "os", "device"] as const) {
      const answer = await ask(millrace, { ...WEEK, metrics: ["page_views"], dimensions: [field] });
      expect(counts(answer, (row) => String(row[field]), "page_views")).toEqual(tally(people, derived(field)));
    }

    const pages = await ask(millrace, { ...WEEK, dimensions: ["page", "bot"], limit: 10_000 });
    const keyOf = (row: AnswerRow): string => `${row["bot"]} ${row["page"]}`;
    const viewKey = (view: View): string => `${view.isBot} ${derived("page")(view)}`;
    expect(counts(pages, keyOf, "page_views")).toEqual(tally(people, viewKey));
    expect(counts(pages, keyOf, "bot_views")).toEqual(
      tally(
        views.filter(({ isBot }) => isBot),
        viewKey,
      ),
    );

    await expectTailCounted(millrace, people);
    process.stdout.write(
      `${views.length} views, ${bots} of them by bots, ${visitors} visitors, ${pages.length} pages\n`,
    );
  });
});

/** The template keeps so many pages ready in a block; the others are counted together, not lost. */
async function expectTailCounted(millrace: Millrace, people: readonly View[]): Promise<void> {
  const truth = tally(people, derived("page"));
  const rows = await ask(millrace, { ...WEEK, metrics: ["page_views"], dimensions: ["page"], limit: 10_000 });
  const kept = rows.filter((row) => row["page"] !== "(other)");
  for (const row of kept) {
    expect(Number(row["page_views"]), String(row["page"])).toBeLessThanOrEqual(truth[String(row["page"])]!);
  }
  expect(rows.reduce((sum, row) => sum + Number(row["page_views"]), 0)).toBe(people.length);
}

async function importLog(millrace: Millrace, log: string, count: number): Promise<void> {
  writeFileSync(join(millrace.dataDirectory, "access.log"), log);
  const commands = [
    ["project", "create", PROJECT, "--template", "web"],
    [
      ...["rollup", "create", "every_page", "--project", PROJECT],
      ...["--metrics", "page_views,bot_views", "--by", "page,bot", "--slots", "64"],
    ],
    ["send", "--project", PROJECT, "--import", "--file", "access.log", "--format", "combined", "--wait", "--json"],
  ];
  let stdout = "";
  for (const command of commands) {
    const done = await millrace.cli(...command);
    expect(done, done.stderr).toMatchObject({ exitCode: 0 });
    stdout = done.stdout;
  }
  expect(JSON.parse(stdout)).toMatchObject({ read: count, accepted: count, duplicate: 0, rejected: 0 });
}

/** A line, taken apart at its quotes; the last of them may have been cut off. */
function readView(line: string): View {
  const [head = "", request = "", , referrer = "", , userAgent = ""] = line.split('"');
  const [ip = ""] = head.split(" ");
  const [, day = ""] = /\[(\d\d)\/May\/2015:/.exec(head) ?? [];
  const agent = userAgent === "-" ? "" : userAgent;
  const input = {
    url: request.split(" ")[1] ?? "",
    ...(referrer !== "-" && { referrer }),
    ...(agent !== "" && { user_agent: agent }),
  };
  return { day: `2015-05-${day}`, ip, input, isBot: agent !== "" && isbot(agent) };
}

function derived(field: DerivedField): (view: View) => string {
  return ({ input }) => rules.derive(field, input);
}

function tally(views: readonly View[], keyOf: (view: View) => string): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const view of views) counted[keyOf(view)] = (counted[keyOf(view)] ?? 0) + 1;
  return counted;
}

/** The counts of rows by a key, those of zero left out. */
function counts(rows: readonly AnswerRow[], keyOf: (row: AnswerRow) => string, metric: string): Record<string, number> {
  const positive = rows.filter((row) => Number(row[metric]) > 0);
  return Object.fromEntries(positive.map((row) => [keyOf(row), Number(row[metric])]));
}

function generateLog(): string {
  const random = randomFrom(17_052_015);
  const below = (bound: number): number => Math.floor(random() * bound);
  const agents = [
    "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.107 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.7; rv:21.0) Gecko/20100101 Firefox/21.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 7_0 like Mac OS X) AppleWebKit/537.51.1 (KHTML, like Gecko) Version/7.0 Mobile/11A465 Safari/9537.53",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/7.29.0",
    "-",
  ];
  const lines = Array.from({ length: GENERATED_LINES }, (_, i) => {
    const at = new Date(Date.UTC(2015, 4, 17) + Math.floor((i * 4 * 86_400_000) / GENERATED_LINES)).toISOString();
    const time = `${at.slice(8, 10)}/May/2015:${at.slice(11, 19)} +0000`;
    const path = `/blog/${Math.min(below(600), below(600), below(600))}${["", "/", "?utm_source=x"][below(3)]}`;
    const referrer = ["-", "https://www.google.com/search", "http://example.org/"][below(3)];
    const agent = agents[below(agents.length)];
    return `10.0.${below(4)}.${below(250)} - - [${time}] "GET ${path} HTTP/1.1" 200 ${below(9999)} "${referrer}" "${agent}"`;
  });
  return `${lines.join("\n")}\n`;
}
