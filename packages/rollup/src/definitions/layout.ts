import { create } from "@bufbuild/protobuf";
import { type Family, FamilySchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import type { Metric } from "@millrace/api/millrace/config/v1/metric_pb";
import type { Rollup } from "@millrace/api/millrace/config/v1/rollup_pb";
import { ACCOUNTING_METRIC, ACCOUNTING_ROLLUP, MAIN_FAMILY } from "./accounting.ts";
import { fitTogether } from "./block-limits.ts";

type Layout = { readonly name: string; readonly slots: number; readonly numbers: number[] };

/**
 * Says in which families rollups are stored. Rollups of one slot share the family "main", which also holds the
 * accounting, as long as a block has room for them in order of their numbers; every other rollup has a family of its own
 * name. A family's version changes only when its own rollups or slots do. Past versions stay in the list, not current.
 *
 * @param previous the families of the revision before; empty for the first
 * @param rollups all rollups of the new revision, numbered; the accounting is not among them
 * @param metrics all metrics that they name
 * @returns the families by name and version
 */
export function layoutFamilies(
  previous: readonly Family[],
  rollups: readonly Rollup[],
  metrics: readonly Metric[],
): Family[] {
  const families = previous.map((family) => create(FamilySchema, { ...plain(family), current: false }));
  for (const wanted of desired(rollups, metrics)) {
    const versions = families.filter((family) => family.name === wanted.name);
    const last = versions.reduce<Family | undefined>((a, b) => (a && a.version > b.version ? a : b), undefined);
    if (last !== undefined && last.slots === wanted.slots && sameNumbers(last.rollupNumbers, wanted.numbers)) {
      last.current = true;
    } else {
      const version = (last?.version ?? 0) + 1;
      families.push(
        create(FamilySchema, {
          name: wanted.name,
          version,
          slots: wanted.slots,
          rollupNumbers: wanted.numbers,
          current: true,
        }),
      );
    }
  }
  return families.sort((a, b) => (a.name === b.name ? a.version - b.version : a.name < b.name ? -1 : 1));
}

function desired(rollups: readonly Rollup[], metrics: readonly Metric[]): Layout[] {
  const byName = new Map(metrics.map((metric) => [metric.name, metric]));
  byName.set(ACCOUNTING_METRIC.name, ACCOUNTING_METRIC);
  const main = [ACCOUNTING_ROLLUP];
  const alone: Layout[] = [];
  for (const rollup of [...rollups].sort((a, b) => a.number - b.number)) {
    if (rollup.slots <= 1 && fitTogether([...main, rollup], byName)) main.push(rollup);
    else alone.push({ name: rollup.name, slots: Math.max(1, rollup.slots), numbers: [rollup.number] });
  }
  return [{ name: MAIN_FAMILY, slots: 1, numbers: main.map((rollup) => rollup.number) }, ...alone];
}

function plain(family: Family) {
  const { name, version, slots, rollupNumbers } = family;
  return { name, version, slots, rollupNumbers: [...rollupNumbers] };
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((number, i) => number === b[i]);
}
