import { Failure } from "@millrace/failure";
import { describe, expect, expectTypeOf, it } from "vitest";
import { describeVariables } from "./describe-variables.ts";
import { defineVariables, type Environment, parseEnvironment } from "./parse-environment.ts";
import { SERVER_VARIABLES } from "./server-variables.ts";
import { bytes, durationMs, flag, integer, list, oneOf, path, text } from "./variables.ts";

const TABLE = defineVariables({
  name: text({ name: "MILLRACE_NAME", doc: "A name." }),
  secret: text({ name: "MILLRACE_SECRET", doc: "A secret.", secret: true }),
  digits: integer({ name: "MILLRACE_DIGITS", doc: "Digits.", default: 6, min: 1, max: 9, secret: true }),
  window: bytes({ name: "MILLRACE_WINDOW_BYTES", doc: "A window.", default: 65_536, min: 1024 }),
  wait: durationMs({ name: "MILLRACE_WAIT_MS", doc: "A wait.", default: 1_500 }),
  log: oneOf(["embedded", "kafka"], { name: "MILLRACE_EVENT_LOG", doc: "The log.", default: "embedded" }),
  bots: flag({ name: "MILLRACE_BOTS", doc: "Bots.", default: false }),
  dir: path({ name: "MILLRACE_DATA_DIR", doc: "A folder.", default: "/data" }),
  origins: list({ name: "MILLRACE_ORIGINS", doc: "Origins.", default: [] }),
});

function failureOf(environment: Environment): Failure {
  try {
    parseEnvironment(TABLE, environment, {});
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error("it was accepted");
}

describe("the environment", () => {
  it("gives defaults, frozen and typed, and takes an empty variable as unset", () => {
    const values = parseEnvironment(TABLE, { MILLRACE_NAME: "", MILLRACE_WAIT_MS: "" });
    expect(values).toEqual({
      name: undefined,
      secret: undefined,
      digits: 6,
      window: 65_536,
      wait: 1_500,
      log: "embedded",
      bots: false,
      dir: "/data",
      origins: [],
    });
    expect(Object.isFrozen(values)).toBe(true);
    expectTypeOf(values.name).toEqualTypeOf<string | undefined>();
    expectTypeOf(values.wait).toEqualTypeOf<number>();
    expectTypeOf(values.log).toEqualTypeOf<"embedded" | "kafka">();
  });

  it.each([
    { name: "MILLRACE_WINDOW_BYTES", key: "window", value: "4MiB", expected: 4_194_304 },
    { name: "MILLRACE_WINDOW_BYTES", key: "window", value: "2048", expected: 2048 },
    { name: "MILLRACE_WAIT_MS", key: "wait", value: "30s", expected: 30_000 },
    { name: "MILLRACE_WAIT_MS", key: "wait", value: "0", expected: 0 },
    { name: "MILLRACE_BOTS", key: "bots", value: "On", expected: true },
    { name: "MILLRACE_EVENT_LOG", key: "log", value: "kafka", expected: "kafka" },
    { name: "MILLRACE_ORIGINS", key: "origins", value: " a , ,b", expected: ["a", "b"] },
    { name: "MILLRACE_DATA_DIR", key: "dir", value: "/x/../y", expected: "/y" },
  ] as const)("reads $value of $name", ({ name, key, value, expected }) => {
    expect(parseEnvironment(TABLE, { [name]: value })[key]).toEqual(expected);
  });

  it("reports all that is wrong at once: name, value, what is allowed, but never a secret's value", () => {
    const failure = failureOf({
      MILLRACE_WAIT_MS: "soon",
      MILLRACE_EVENT_LOG: "kafkaa",
      MILLRACE_DIGITS: "31337",
      MILLRACE_WINDOW_BYTES: "10",
    });
    expect(failure.kind).toBe("invalid");
    expect(failure.violations.map(({ field }) => field)).toEqual([
      "MILLRACE_DIGITS",
      "MILLRACE_WINDOW_BYTES",
      "MILLRACE_WAIT_MS",
      "MILLRACE_EVENT_LOG",
    ]);
    expect(failure.message).toContain('MILLRACE_EVENT_LOG: "kafkaa" is not allowed; it must be one of embedded, kafka');
    expect(failure.message).toContain(
      "MILLRACE_DIGITS: its value is not allowed; it must be a whole number from 1 to 9",
    );
    expect(failure.message).toContain("of at least 1KiB");
    expect(failure.message).not.toContain("31337");
  });

  it("refuses a text, or one of a list, that is not of the form asked for", () => {
    const form = { pattern: /^[a-z]+$/, allowed: "small letters" };
    const table = defineVariables({
      one: text({ name: "MILLRACE_ONE", doc: "One.", default: "a", form }),
      many: list({ name: "MILLRACE_MANY", doc: "Many.", default: [], form }),
    });
    expect(parseEnvironment(table, { MILLRACE_ONE: "b", MILLRACE_MANY: "c, d" })).toEqual({
      one: "b",
      many: ["c", "d"],
    });
    expect(() => parseEnvironment(table, { MILLRACE_ONE: "B" })).toThrow(
      '"B" is not allowed; it must be small letters',
    );
    expect(() => parseEnvironment(table, { MILLRACE_MANY: "c,D" })).toThrow('"c,D" is not allowed');
  });

  it("takes the origins of web pages, not of anything else", () => {
    const read = (value: string) => parseEnvironment(SERVER_VARIABLES, { MILLRACE_CORS_ORIGINS: value }).corsOrigins;
    expect(read("https://example.org, http://localhost:5173")).toHaveLength(2);
    expect(read("*")).toEqual(["*"]);
    for (const wrong of ["example.org", "https://example.org/path"]) expect(() => read(wrong)).toThrow("MILLRACE_CORS");
  });

  it("refuses to start without what is required", () => {
    const table = defineVariables({ key: text({ name: "MILLRACE_KEY", doc: "A key.", required: true }) });
    expectTypeOf(parseEnvironment(table, { MILLRACE_KEY: "k" }).key).toEqualTypeOf<string>();
    expect(() => parseEnvironment(table, {})).toThrow("MILLRACE_KEY: is not set; it must be a text");
  });

  it("takes a secret from a file, without the file's last line end", () => {
    const readFile = (file: string) => (file === "/run/s" ? "hunter2\n" : "");
    expect(parseEnvironment(TABLE, { MILLRACE_SECRET_FILE: "/run/s" }, { readFile }).secret).toBe("hunter2");
    expect(failureOf({ MILLRACE_SECRET_FILE: "/no/such/file" }).message).toContain("which can not be read");
    expect(failureOf({ MILLRACE_SECRET_FILE: "/run/s", MILLRACE_SECRET: "x" }).message).toContain("is given twice");
  });

  it("warns of a variable that nobody knows, naming the nearest", () => {
    const warnings: string[] = [];
    const environment = {
      MILLRACE_EVENTLOG: "kafka",
      MILLRACE_XYZZY_PLUGH: "1",
      PATH: "/bin",
      MILLRACE_SECRET_FILE: "",
    };
    parseEnvironment(TABLE, environment, { onWarning: (message) => warnings.push(message) });
    expect(warnings).toEqual([
      "MILLRACE_EVENTLOG is not a variable that is known here; did you mean MILLRACE_EVENT_LOG?",
      "MILLRACE_XYZZY_PLUGH is not a variable that is known here",
    ]);
  });

  it("does not let one name be declared twice", () => {
    const port = integer({ name: "MILLRACE_PORT", doc: "A port." });
    expect(() => defineVariables({ ...SERVER_VARIABLES, other: port })).toThrow("MILLRACE_PORT is declared twice");
  });

  it("is explained for --help: every variable's name, default and what it may be", () => {
    const help = describeVariables({ ...TABLE, ...SERVER_VARIABLES });
    for (const { name } of Object.values({ ...TABLE, ...SERVER_VARIABLES })) expect(help).toContain(`  ${name}`);
    expect(help).toContain("MILLRACE_WINDOW_BYTES  (64KiB)");
    expect(help).toContain("MILLRACE_WAIT_MS  (1500ms)");
    expect(help).toContain("MILLRACE_SECRET_FILE");
    for (const line of help.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });
});
