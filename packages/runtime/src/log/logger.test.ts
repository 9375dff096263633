import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createLogger } from "./logger.ts";

function memory(): { destination: Writable; text: () => string } {
  let text = "";
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { destination, text: () => text };
}

describe("the log", () => {
  it("is JSON, a line an entry, away from a terminal", () => {
    const { destination, text } = memory();
    const log = createLogger({ service: "ingest", pretty: false, destination });
    log.info({ port: 8080 }, "ready");
    log.debug("not told");
    const [line, ...rest] = text().trimEnd().split("\n");
    expect(rest).toEqual([]);
    expect(JSON.parse(line!)).toMatchObject({ name: "ingest", level: 30, port: 8080, msg: "ready" });
  });

  it("is for people on a terminal", () => {
    const { destination, text } = memory();
    createLogger({ service: "ingest", pretty: true, destination }).info({ port: 8080 }, "ready");
    expect(text()).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO \(ingest\): ready \{"port":8080\}\n$/);
  });

  it("never shows what has the name of a secret", () => {
    const { destination, text } = memory();
    const log = createLogger({ service: "ingest", pretty: false, destination });
    log.info({ headers: { authorization: "hunter2", "x-api-key": "hunter2" }, secret: "hunter2" }, "call");
    log.child({ request: { headers: { cookie: "hunter2" } } }).info({ password: "hunter2" }, "call");
    expect(text()).not.toContain("hunter2");
    expect(text()).toContain("(secret)");
  });
});
