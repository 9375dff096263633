import { describe, expect, it } from "vitest";
import { parseRedisAddress } from "./address.ts";

const PLAIN = { mode: "single", primary: "", tls: false, username: "", password: "", database: 0 };

describe("parseRedisAddress", () => {
  it("reads a server, with TLS, names and a database", () => {
    expect(parseRedisAddress("redis://localhost")).toEqual({ ...PLAIN, nodes: [{ host: "localhost", port: 6379 }] });
    expect(parseRedisAddress("rediss://ann:a%40b:c@[::1]:7000/3")).toEqual({
      ...{ ...PLAIN, tls: true, username: "ann", password: "a@b:c", database: 3 },
      nodes: [{ host: "::1", port: 7000 }],
    });
    expect(parseRedisAddress("redis://:secret@cache")).toMatchObject({ username: "", password: "secret" });
  });

  it("reads the nodes of a Cluster, and Sentinels with the name of their primary", () => {
    expect(parseRedisAddress("redis+cluster://a:1,b")).toMatchObject({
      mode: "cluster",
      nodes: [
        { host: "a", port: 1 },
        { host: "b", port: 6379 },
      ],
    });
    expect(parseRedisAddress("rediss+sentinel://a,b:1/claims/2")).toMatchObject({
      ...{ mode: "sentinel", primary: "claims", tls: true, database: 2 },
      nodes: [
        { host: "a", port: 26379 },
        { host: "b", port: 1 },
      ],
    });
  });

  it("refuses what it cannot read with invalid, and never shows the password", () => {
    const wrong = [
      ...[
        "",
        "localhost:6379",
        "http://a",
        "redis://",
        "redis://a:0",
        "redis://a:70000",
        "redis://a/x",
        "redis://a/1/2",
      ],
      ...["redis://a,b", "redis+cluster://a/1", "redis+sentinel://a", "redis://u:secret%@a", "redis://u:secret@a:b"],
    ];
    for (const text of wrong) {
      expect(() => parseRedisAddress(text), text).toThrow(
        expect.objectContaining({ kind: "invalid", message: expect.not.stringContaining("secret") }),
      );
    }
  });
});
