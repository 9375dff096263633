import { describe, expect, it } from "vitest";
import { type GlobalOptions, targetOf } from "./target.ts";

const CONTEXTS = {
  contexts: {
    prod: { url: "https://prod.example.org", key: "prod-key", project: "shop" },
    stage: { url: "https://stage.example.org", key: "stage-key" },
  },
};
const KEPT = { url: "http://127.0.0.1:8080", projectKeys: {} };

function target(options: GlobalOptions, environment: Record<string, string> = {}, current?: string) {
  const contexts = current === undefined ? CONTEXTS : { ...CONTEXTS, current };
  const { url, key, project } = targetOf(options, environment, { contexts, kept: KEPT });
  return { url, key, project };
}

describe("where a command goes", () => {
  it("is the local server when nothing is said", () => {
    expect(target({})).toEqual({ url: KEPT.url, key: undefined, project: undefined });
    expect(targetOf({}, {}, { contexts: { contexts: {} }, kept: undefined }).url).toBe("http://127.0.0.1:8080");
  });

  it("is said by options, then --context, then variables, then the context in use", () => {
    const variables = { MILLRACE_URL: "http://env.example.org", MILLRACE_KEY: "env-key", MILLRACE_CONTEXT: "stage" };
    expect(target({}, {}, "prod")).toEqual({ url: "https://prod.example.org", key: "prod-key", project: "shop" });
    expect(target({}, { MILLRACE_CONTEXT: "stage" }, "prod")).toMatchObject({ key: "stage-key", project: undefined });
    expect(target({}, variables, "prod")).toMatchObject({ url: "http://env.example.org", key: "env-key" });
    expect(target({ context: "prod" }, variables)).toMatchObject({ url: "https://prod.example.org", key: "prod-key" });
    const options = { url: "http://flag.example.org/", key: "flag-key", project: "x", context: "prod" };
    expect(target(options, variables)).toEqual({ url: "http://flag.example.org", key: "flag-key", project: "x" });
  });

  it("never shows a context's key to another server", () => {
    expect(target({ url: "http://evil.example.org", context: "prod" })).toMatchObject({ key: undefined });
    expect(target({}, { MILLRACE_URL: "http://env.example.org" }, "prod")).toMatchObject({ key: undefined });
    expect(target({ url: "https://prod.example.org/" }, {}, "prod")).toMatchObject({ key: "prod-key" });
  });

  it("takes an empty variable for none", () => {
    expect(target({}, { MILLRACE_URL: "", MILLRACE_KEY: "", MILLRACE_CONTEXT: "" })).toMatchObject({ url: KEPT.url });
  });

  it("names the nearest where a context is mistyped", () => {
    expect(() => target({ context: "prdo" })).toThrow('there is no context "prdo" (--context); did you mean "prod"?');
    expect(() => target({}, { MILLRACE_CONTEXT: "constructor" })).toThrow("MILLRACE_CONTEXT");
  });

  it("says what an address looks like where it is none", () => {
    expect(() => target({ url: "localhost:8080" })).toThrow('"localhost:8080" is not an address such as http://');
  });
});
