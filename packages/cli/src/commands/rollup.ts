import { toJson } from "@bufbuild/protobuf";
import { type Rollup, RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import { RollupService } from "@millrace/api/millrace/config/v1/rollup_service_pb";
import { type Command, Option } from "commander";
import { formatOf } from "../output/format.ts";
import { grouped } from "../output/number-text.ts";
import { printThing, printThings } from "../output/things.ts";
import { utcText } from "../output/time-text.ts";
import { connectionOf, list, whole } from "./options.ts";

const NOTES = `
Examples:
  millrace rollup create edits_by_page --metrics edits,added --by page --slots 64
  millrace rollup create totals --metrics edits,added,deleted
  millrace rollup list --output json
A rollup counts what is received from its creation on, and never changes. Each slot keeps up to 256 tuples of values of
a bucket; further ones are counted together as (other).`;

type CreateOptions = {
  readonly metrics: readonly string[];
  readonly by?: readonly string[];
  readonly slots?: string;
  readonly maxTuples?: number;
  readonly description?: string;
};

/** `millrace rollup`. */
export function addRollupCommand(program: Command): void {
  const rollup = program
    .command("rollup")
    .description("Rollups: what is kept ready, by what.")
    .addHelpText("after", NOTES);
  rollup
    .command("list")
    .description("List the project's rollups.")
    .option("--json", "short for --output json")
    .action(async (_: unknown, command: Command) => {
      const connection = connectionOf(command);
      const { rollups } = await connection.client(RollupService, "ask").listRollups({ projectId: connection.project });
      const texts = ["rollup", "metrics", "by"].map((title) => ({ title }));
      const columns = [...texts, { title: "slots", align: "right" as const }, { title: "since" }];
      const rows = rollups.map((each) => [
        each.name,
        each.metrics.join(", "),
        each.dimensions.join(", ") || "-",
        String(each.slots),
        utcText(each.createTime),
      ]);
      printThings(formatOf(command), {
        columns,
        rows,
        none: "There are no rollups: millrace rollup create NAME --metrics METRIC --by DIMENSION",
        documents: rollups.map((each) => toJson(RollupSchema, each)),
      });
    });
  rollup
    .command("get")
    .argument("<name>", "the rollup")
    .description("Show a rollup.")
    .option("--json", "short for --output json")
    .action(async (name: string, _: unknown, command: Command) => {
      const connection = connectionOf(command);
      const response = await connection.client(RollupService, "ask").getRollup({ projectId: connection.project, name });
      show(response.rollup!, command);
    });
  rollup
    .command("create")
    .argument("<name>", "1 to 63 of a-z, 0-9 and _, starting with a letter")
    .description("Create a rollup.")
    .addOption(
      new Option("--metrics <names>", "what it keeps, separated by commas").argParser(list).makeOptionMandatory(),
    )
    .option("--by <dimensions>", "what that is broken down by, separated by commas", list)
    .addOption(
      new Option("--slots <n>", "over how many slots it is stored (default: 1)").choices(["1", "16", "64", "256"]),
    )
    .option("--max-tuples <n>", "tuples kept in a slot, 1 to 256 (default: 256)", whole)
    .option("--description <text>", "what it is for")
    .option("--json", "short for --output json")
    .addHelpText("after", NOTES)
    .action(async (name: string, options: CreateOptions, command: Command) => create(name, options, command));
}

async function create(name: string, options: CreateOptions, command: Command): Promise<void> {
  const connection = connectionOf(command);
  const response = await connection.client(RollupService, "manage").createRollup({
    rollup: {
      projectId: connection.project,
      name,
      metrics: [...options.metrics],
      dimensions: [...(options.by ?? [])],
      slots: Number(options.slots ?? 0),
      maxTuples: options.maxTuples ?? 0,
      description: options.description ?? "",
    },
  });
  show(response.rollup!, command);
}

function show(rollup: Rollup, command: Command): void {
  const slots = rollup.slots || 1;
  printThing(formatOf(command), {
    values: [
      ["rollup", rollup.name],
      ["metrics", rollup.metrics.join(", ")],
      ["by", rollup.dimensions.join(", ")],
      ["slots", String(slots)],
      ["tuples", `up to ${grouped(slots * (rollup.maxTuples || 256))} a bucket`],
      ["description", rollup.description],
      ["built in", rollup.builtIn ? "yes" : "no"],
      ["since", utcText(rollup.createTime)],
    ],
    document: toJson(RollupSchema, rollup),
  });
}
