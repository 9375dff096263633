import { inspect } from "node:util";
import { Failure } from "@millrace/failure";
import { describe, expect, it } from "vitest";
import { connectFailure, redisFailure } from "./redis-failure.ts";

describe("redisFailure", () => {
  it("says unavailable where the server did nothing", () => {
    for (const text of ["OOM command not allowed", "LOADING Redis is loading", "READONLY You can't", "CLUSTERDOWN x"]) {
      expect(redisFailure(reply(text), "the claims", "write")).toMatchObject({ kind: "unavailable" });
    }
    const notSent = new Error("Stream isn't writeable and enableOfflineQueue options is false");
    expect(redisFailure(notSent, "the claims", "write")).toMatchObject({ kind: "unavailable" });
  });

  it("says unknownOutcome where a write was sent and no answer came, and unavailable for a read", () => {
    for (const text of ["Command timed out", "Connection is closed.", "read ECONNRESET"]) {
      expect(redisFailure(new Error(text), "the claims", "write")).toMatchObject({ kind: "unknownOutcome" });
      expect(redisFailure(new Error(text), "the claims", "read")).toMatchObject({ kind: "unavailable" });
    }
  });

  it("keeps the driver's words out of the message, and failures as they are", () => {
    const failure = redisFailure(new Error("Command timed out"), "the claims", "write");
    expect(failure.message).toBe("The Redis of the claims did not answer in time.");
    expect(redisFailure(failure, "the cache", "read")).toBe(failure);
    expect(redisFailure(reply("ERR unknown command"), "the claims", "write")).toMatchObject({ kind: "internal" });
    expect(failure).toBeInstanceOf(Failure);
  });
});

describe("a failure", () => {
  it("has no command's arguments, whatever it is asked for: they may be a password, or a megabyte", () => {
    const refused = () => Object.assign(reply("WRONGPASS invalid"), { command: { name: "auth", args: ["secret"] } });
    const errors = [redisFailure(refused(), "the cache", "read"), connectFailure(refused(), "the cache", 2000)];
    for (const error of errors) expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("secret");
  });
});

describe("connectFailure", () => {
  it("says whether the password, the certificate or the address is to be looked at", () => {
    const errors = [
      reply("WRONGPASS invalid"),
      new Error("self-signed certificate"),
      new Error("Hostname/IP does not match certificate's altnames"),
      new Error("tlsv13 alert certificate required"),
      undefined,
    ];
    const messages = errors.map((error) => connectFailure(error, "the cache", 2000).message);
    expect(messages).toEqual([
      "The Redis of the cache does not take this name and password.",
      expect.stringContaining("caFile"),
      expect.stringContaining("serverName"),
      expect.stringContaining("keyFile"),
      expect.stringContaining("did not answer for 2 s"),
    ]);
  });
});

function reply(text: string): Error {
  return Object.assign(new Error(text), { name: "ReplyError" });
}
