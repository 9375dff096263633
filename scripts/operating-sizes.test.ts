/** The table of sizes in docs/operating.md says of the chart's examples what they say themselves. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";

type Scaling = { enabled?: boolean; minReplicas: number; maxReplicas: number };
type Service = { replicas?: number; autoscaling?: Scaling; keda?: Scaling; resources?: { requests: { cpu: string } } };
type Values = { ingest: Service; processing: Service; migrations: { partitions: number } };

const SIZES = ["small", "medium", "large"];
const page = read("docs/operating.md");
const values = parse(read("charts/millrace/values.yaml")) as Values;
const examples = SIZES.map((size) => parse(read(`charts/millrace/examples/${size}.yaml`)) as Values);

it("gives the partitions of each example", () => {
  expect(row("partitions")).toEqual(examples.map(({ migrations }) => String(migrations.partitions)));
});

it.each(["ingest", "processing"] as const)("gives the pods of %s and what they ask for", (service) => {
  const asked = row(`${service}: needed; asked for`).map((cell) => cell.split("; ")[1]);
  expect(asked).toEqual(examples.map((example) => askedFor(example[service], values[service])));
});

function askedFor({ replicas, autoscaling, keda, resources }: Service, usual: Service): string {
  const scaling = [autoscaling, keda].find((each) => each?.enabled === true);
  const pods =
    scaling === undefined ? (replicas ?? usual.replicas) : `${scaling.minReplicas} to ${scaling.maxReplicas}`;
  const cpu = resources?.requests.cpu ?? "";
  return `${pods} × ${cpu.endsWith("m") ? Number(cpu.slice(0, -1)) / 1_000 : Number(cpu)}`;
}

/** The cells of the row with a title. */
function row(title: string): string[] {
  const line = page.split("\n").find((each) => each.startsWith(`| ${title} |`));
  return (line ?? "")
    .split("|")
    .slice(2, -1)
    .map((cell) => cell.trim());
}

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
}
