import { describe, expect, it } from "vitest";
import { createProgram } from "../program.ts";
import { type Candidate, complete, type NameKind, type TypedOptions } from "./complete.ts";

const NAMES: Readonly<Record<NameKind, readonly Candidate[]>> = {
  project: [{ value: "demo", description: "Demo" }, { value: "shop" }],
  metric: [{ value: "page_views" }, { value: "visitors" }],
  dimension: [{ value: "page" }, { value: "country" }],
  rollup: [{ value: "pages" }],
  key: [{ value: "abc" }],
  context: [{ value: "prod" }],
  "dead letter": [{ value: "1:3:70021:0" }],
  zone: [{ value: "Europe/Berlin" }, { value: "Europe/Paris" }],
};

async function candidates(line: string, asked: TypedOptions[] = []): Promise<readonly string[] | "files"> {
  const names = async (kind: NameKind, typed: TypedOptions) => {
    asked.push(typed);
    return NAMES[kind];
  };
  const found = await complete(createProgram(), line.split(" "), names);
  return found === "files" ? found : found.map(({ value }) => value);
}

describe("completion", () => {
  it.each([
    ["qu", ["query"]],
    ["context ", ["add", "list", "use", "show", "remove"]],
    ["dead-letters ", ["list", "show", "redrive"]],
    ["dead-letters show ", ["1:3:70021:0"]],
    ["dead-letters redrive --reason fo", ["fold-failed"]],
    ["project cr", ["create"]],
    ["query page", ["page_views"]],
    ["query page_views vis", ["visitors"]],
    ["query page_views --every 1", ["1m", "15m", "1h", "1d"]],
    ["query page_views --every=1h", ["--every=1h"]],
    ["query page_views --by page,co", ["page,country"]],
    ["query page_views --time-zone Europe/B", ["Europe/Berlin"]],
    ["query page_views --last ", ["90m", "24h", "7d", "4w", "3mo"]],
    ["query --pro", ["--project"]],
    ["query --project ", ["demo", "shop"]],
    ["--project shop query v", ["visitors"]],
    ["status --context ", ["prod"]],
    ["project create x --template s", ["service", "shop"]],
    ["key create --scope ingest,re", ["ingest,report"]],
    ["key revoke ", ["abc"]],
    ["context use ", ["prod"]],
    ["project get ", ["demo", "shop"]],
    ["project get demo ", []],
    ["-o j", ["json"]],
    ["completion ", ["bash", "zsh", "fish"]],
    ["nonsense ", []],
  ])("of %j is %j", async (line, expected) => {
    expect(await candidates(line)).toEqual(expected);
  });

  it("leaves files to the shell", async () => {
    expect(await candidates("send --file ")).toBe("files");
    expect(await candidates("send --mapping x")).toBe("files");
  });

  it("knows each command's own flags, and those of all", async () => {
    const flags = await candidates("demo --");
    expect(flags).toEqual(expect.arrayContaining(["--rate", "--backfill", "--url", "--context"]));
    expect(flags).not.toContain("--every");
  });

  it("does not show what is for scripts", async () => {
    expect(await candidates("_")).toEqual([]);
    expect(await candidates("")).not.toContain("__complete");
  });

  it("asks the server that was typed", async () => {
    const asked: TypedOptions[] = [];
    await candidates("query --context prod --project=shop page", asked);
    expect(asked).toEqual([{ context: "prod", project: "shop" }]);
  });
});
