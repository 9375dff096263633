/** Everything that services say of an installation. What one release says of it, every later one must say as well. */
import { createHash } from "node:crypto";
import { toJson } from "@bufbuild/protobuf";
import { type Definitions, DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import {
  Column_Role,
  Granularity,
  RelativeRange_Unit,
  type Result,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import { granularityKeys, readableFamilies } from "@millrace/rollup";
import { PROJECTS } from "./history.ts";
import type { Installation } from "./installation.ts";

/** What is said, ready for JSON. */
export type Description = {
  /** Rows by question: the names of columns and their values. */
  readonly answers: Readonly<Record<string, readonly string[]>>;
  /** The newest definitions of each project, as JSON of protobuf. */
  readonly definitions: Readonly<Record<string, unknown>>;
  /** Why events became dead letters, by position. */
  readonly letters: Readonly<Record<string, string>>;
  /** How many blocks there are, and a hash of their keys, write times and bytes: by project, family and granularity. */
  readonly blocks: Readonly<Record<string, string>>;
};

const GRANULARITIES = {
  whole: Granularity.GRANULARITY_UNSPECIFIED,
  "1h": Granularity.GRANULARITY_1H,
  "1d": Granularity.GRANULARITY_1D,
} as const;
const DAYS = 7;

/** Asks an installation for all that it holds. */
export async function describeInstallation(installation: Installation): Promise<Description> {
  const answers: Record<string, readonly string[]> = {};
  const definitions: Record<string, unknown> = {};
  const blocks: Record<string, string> = {};
  for (const projectId of PROJECTS) {
    const newest = await installation.snapshot.definitions(projectId);
    definitions[projectId] = toJson(DefinitionsSchema, newest);
    Object.assign(answers, await answersOf(installation, newest));
    Object.assign(blocks, await blocksOf(installation, newest));
  }
  const { deadLetters } = await installation.letters.listDeadLetters({});
  const letters = deadLetters.map(({ deadLetterId, problem }) => [deadLetterId, problem] as const);
  return { answers, definitions, letters: Object.fromEntries(letters), blocks };
}

async function answersOf({ reporting }: Installation, { projectId, metrics, rollups }: Definitions) {
  const answers: Record<string, readonly string[]> = {};
  const kinds = new Map(metrics.map(({ name, aggregation }) => [name, aggregation]));
  const timeRange = { kind: { case: "relative" as const, value: { last: DAYS, unit: RelativeRange_Unit.DAY } } };
  for (const { name, metrics: measured, dimensions } of rollups) {
    const asked = measured.flatMap((metric) =>
      kinds.get(metric) === Aggregation.QUANTILES ? [`${metric}.p50`, `${metric}.p99`] : [metric],
    );
    for (const [width, granularity] of Object.entries(GRANULARITIES)) {
      const query = { projectId, metrics: asked, dimensions, timeRange, granularity, limit: 10_000 };
      const { result } = await reporting.query({ query });
      answers[`${projectId}: ${name} by ${width}`] = rowsOf(result!);
    }
  }
  return answers;
}

/** The columns, then a line for each row; without the buckets of a series in which nothing happened. */
function rowsOf({ columns, rows }: Result): string[] {
  const happened = rows.filter(({ values }) =>
    values.some(({ kind }, i) => columns[i]!.role === Column_Role.METRIC && Number(kind.value) !== 0),
  );
  const lines = happened.map(({ values }) => values.map(({ kind }) => String(kind.value)).join(", "));
  return [columns.map(({ name }) => name).join(", "), ...lines.toSorted()];
}

async function blocksOf({ cellStore }: Installation, definitions: Definitions) {
  const blocks: Record<string, string> = {};
  for (const family of readableFamilies(definitions)) {
    for (const granularity of granularityKeys(definitions.dayOffsetsMinutes)) {
      const series = { projectId: definitions.projectId, family: family.id, generation: 1, granularity };
      const lines: string[] = [];
      for await (const portion of cellStore.scan({ ...series, fromBucket: 0, toBucket: 2 ** 31 })) {
        for (const { key, wts, blob } of portion) {
          const { bucket, slot, source } = key;
          lines.push([bucket, slot, source, wts, Buffer.from(blob).toString("hex")].join(" "));
        }
      }
      const digest = createHash("sha1").update(lines.toSorted().join("\n")).digest("hex");
      blocks[`${definitions.projectId}/${family.id}/${granularity}`] = `${lines.length} ${digest}`;
    }
  }
  return blocks;
}
