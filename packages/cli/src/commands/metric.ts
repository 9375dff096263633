import { toJson } from "@bufbuild/protobuf";
import { Aggregation, type Metric, MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { MetricService } from "@millrace/api/millrace/config/v1/metric_service_pb";
import { type Command, Option } from "commander";
import { enumName } from "../enum-name.ts";
import { formatOf } from "../output/format.ts";
import { printThing, printThings } from "../output/things.ts";
import { utcText } from "../output/time-text.ts";
import { parseConditions } from "../query/condition.ts";
import { filterText } from "../query/filter-text.ts";
import { collect, connectionOf } from "./options.ts";

const AGGREGATIONS = {
  count: Aggregation.COUNT,
  sum: Aggregation.SUM,
  min: Aggregation.MIN,
  max: Aggregation.MAX,
  average: Aggregation.AVERAGE,
  unique: Aggregation.UNIQUE,
  quantiles: Aggregation.QUANTILES,
} as const;

const NOTES = `
Examples:
  millrace metric create edits --aggregation count --where name=edit
  millrace metric create added --aggregation sum --property added --where name=edit --unit B
  millrace metric create editors --aggregation unique --property visitor
A metric is measured from when a rollup includes it: millrace rollup create. It never changes once created.
Conditions as in millrace query --help; fields are the event's own (name, user_id, ...), derived ones and properties.`;

type CreateOptions = {
  readonly aggregation: keyof typeof AGGREGATIONS;
  readonly property?: string;
  readonly where?: readonly string[];
  readonly unit?: string;
  readonly description?: string;
};

/** `millrace metric`. */
export function addMetricCommand(program: Command): void {
  const metric = program.command("metric").description("Metrics: what is measured.").addHelpText("after", NOTES);
  metric
    .command("list")
    .description("List the project's metrics.")
    .option("--json", "short for --output json")
    .action(async (_: unknown, command: Command) => {
      const connection = connectionOf(command);
      const { metrics } = await connection.client(MetricService, "ask").listMetrics({ projectId: connection.project });
      const columns = ["metric", "aggregation", "unit", "of events", "description"].map((title) => ({ title }));
      const rows = metrics.map((each) => [
        each.name,
        formula(each),
        each.unit,
        filterText(each.filter),
        each.description,
      ]);
      printThings(formatOf(command), {
        columns,
        rows,
        none: "There are no metrics: millrace metric create NAME --aggregation count",
        documents: metrics.map((each) => toJson(MetricSchema, each)),
      });
    });
  metric
    .command("get")
    .argument("<name>", "the metric")
    .description("Show a metric.")
    .option("--json", "short for --output json")
    .action(async (name: string, _: unknown, command: Command) => {
      const connection = connectionOf(command);
      const response = await connection.client(MetricService, "ask").getMetric({ projectId: connection.project, name });
      show(response.metric!, command);
    });
  metric
    .command("create")
    .argument("<name>", "1 to 63 of a-z, 0-9 and _, starting with a letter")
    .description("Create a metric.")
    .addOption(
      new Option("--aggregation <how>", "how events become a value")
        .choices(Object.keys(AGGREGATIONS))
        .makeOptionMandatory(),
    )
    .option("--property <key>", "what is aggregated; not for count")
    .option("--where <condition>", "which events count; may be repeated", collect)
    .option("--unit <unit>", "of its values, such as ms or EUR")
    .option("--description <text>", "what it means")
    .option("--json", "short for --output json")
    .addHelpText("after", NOTES)
    .action(async (name: string, options: CreateOptions, command: Command) => create(name, options, command));
}

async function create(name: string, options: CreateOptions, command: Command): Promise<void> {
  const connection = connectionOf(command);
  const filter = parseConditions(options.where);
  const response = await connection.client(MetricService, "manage").createMetric({
    metric: {
      projectId: connection.project,
      name,
      aggregation: AGGREGATIONS[options.aggregation],
      property: options.property ?? "",
      unit: options.unit ?? "",
      description: options.description ?? "",
      ...(filter !== undefined && { filter }),
    },
  });
  show(response.metric!, command);
}

function show(metric: Metric, command: Command): void {
  printThing(formatOf(command), {
    values: [
      ["metric", metric.name],
      ["aggregation", formula(metric)],
      ["of events", filterText(metric.filter) || "all"],
      ["unit", metric.unit],
      ["description", metric.description],
      ["built in", metric.builtIn ? "yes" : "no"],
      ["created", utcText(metric.createTime)],
    ],
    document: toJson(MetricSchema, metric),
  });
}

function formula({ aggregation, property }: Metric): string {
  const name = enumName(Aggregation, aggregation).toLowerCase();
  return property === "" ? name : `${name}(${property})`;
}
