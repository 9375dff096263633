import { describe, expect, it } from "vitest";
import { banner } from "./banner.ts";

const FACTS = {
  credentials: { url: "http://127.0.0.1:8080", projectKeys: { demo: "mlr_live_key" } },
  demoProject: "demo",
  adminUrl: "http://127.0.0.1:9090",
  path: ".millrace/credentials.json",
  loginPath: "/#token=mlt_abc",
  host: "127.0.0.1",
};

describe("what a start prints", () => {
  it("begins with the link that opens the page", () => {
    const [first] = banner(FACTS).trim().split("\n");
    expect(first).toBe("Open   http://127.0.0.1:8080/#token=mlt_abc");
    expect(banner({ ...FACTS, loginPath: undefined })).not.toContain("Open");
  });

  it("has a line that sends an event with the demo's key, unless no demo is wanted", () => {
    expect(banner(FACTS)).toContain("curl http://127.0.0.1:8080/v1/events -H 'x-api-key: mlr_live_key'");
    expect(banner({ ...FACTS, demoProject: "" })).not.toContain("curl");
  });

  it("says who can reach it where that is more than this machine", () => {
    for (const host of ["127.0.0.1", "127.0.0.2", "localhost", "::1"]) {
      expect(banner({ ...FACTS, host })).not.toContain("TLS");
    }
    for (const host of ["0.0.0.0", "::", "192.168.1.7"]) {
      expect(banner({ ...FACTS, host })).toContain(`Listening on ${host}: every machine that reaches this one`);
    }
  });
});
