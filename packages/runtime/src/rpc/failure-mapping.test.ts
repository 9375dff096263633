import { readFileSync } from "node:fs";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus, codeToString } from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { Failure, type FailureKind } from "@millrace/failure";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../log/silent-logger.ts";
import { codeOf } from "./failure-codes.ts";
import { failureToConnectError } from "./failure-to-connect-error.ts";
import { failureToHttp } from "./failure-to-http.ts";
import { grpcTrailersFor } from "./grpc-trailers.ts";
import { leavingError } from "./leaving-error.ts";

const KINDS: readonly FailureKind[] = [
  "invalid",
  "notFound",
  "exists",
  "stale",
  "precondition",
  "outOfRange",
  "exhausted",
  "unavailable",
  "unknownOutcome",
  "unauthenticated",
  "denied",
  "cancelled",
  "deadline",
  "corrupt",
  "unimplemented",
  "internal",
];

const rich = new Failure("exhausted", "OVERLOADED", "too much: 100 % ü", {
  cause: new Error("secret driver text"),
  retryAfterMs: 250,
  metadata: { maxBytes: "9" },
  violations: [{ field: "a.b", description: "is too long" }],
});

describe("a failure on its way out", () => {
  it("has the code and HTTP status that docs/errors.md says", () => {
    const page = readFileSync(new URL("../../../../docs/errors.md", import.meta.url), "utf8").replace(/ +\|/g, " |");
    for (const kind of KINDS) {
      const row = page
        .split("\n")
        .find((line) => line.startsWith("| `") && line.split("|")[1]!.includes(`\`${kind}\``));
      expect(row, kind).toContain(`| \`${codeToString(codeOf(kind))}\` | ${codeToHttpStatus(codeOf(kind))}`);
    }
  });

  it("carries its reason, fields and delay as details, and its cause not at all", () => {
    const error = failureToConnectError(rich);
    expect(error.details.map((detail) => "desc" in detail && detail.desc.typeName)).toEqual([
      ErrorInfoSchema.typeName,
      BadRequestSchema.typeName,
      RetryInfoSchema.typeName,
    ]);
    expect(failureToHttp(rich).body).not.toContain("secret driver text");
  });

  it("is plain HTTP with Connect's error JSON and Retry-After", () => {
    const { status, headers, body } = failureToHttp(rich);
    expect(status).toBe(429);
    expect(headers).toEqual({ "content-type": "application/json", "retry-after": "1" });
    expect(JSON.parse(body)).toMatchObject({ code: "resource_exhausted", message: "too much: 100 % ü" });
  });

  it("is gRPC trailers that a client decodes to the same", () => {
    const trailers = grpcTrailersFor(rich);
    expect(trailers["grpc-status"]).toBe("8");
    expect(trailers["grpc-message"]).toBe("too%20much%3A%20100%20%25%20%C3%BC");
    const error = findTrailerError(new Headers(trailers))!;
    expect(error.rawMessage).toBe(rich.message);
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]).toMatchObject({ field: "a.b" });
    expect(grpcTrailersFor(undefined)).toEqual({ "grpc-status": "0" });
  });
});

describe("what is thrown", () => {
  const path = "/s/M";
  const log = silentLogger();

  it("after an abort leaves as the abort's reason: deadline, cancel or drain", () => {
    const leaving = (reason?: unknown) =>
      leavingError(new Error("socket hang up"), { log, path, signal: AbortSignal.abort(reason) }).code;
    expect(leaving(new ConnectError("late", Code.DeadlineExceeded))).toBe(Code.DeadlineExceeded);
    expect(leaving(new ConnectError("drain", Code.Unavailable))).toBe(Code.Unavailable);
    expect(leaving(new Failure("unavailable", "DRAINING", "drain"))).toBe(Code.Unavailable);
    expect(leaving()).toBe(Code.Canceled);
  });

  it("on purpose keeps its meaning, even after an abort", () => {
    const failure = new Failure("stale", "ETAG_MISMATCH", "changed");
    expect(leavingError(failure, { log, path, signal: AbortSignal.abort() }).code).toBe(Code.Aborted);
  });

  it.each([
    new TypeError("secret"),
    "secret",
    undefined,
    new Failure("internal", "INTERNAL", "secret"),
    new ConnectError("secret", Code.Unknown),
  ])("by mistake says nothing of itself (%s)", (thrown) => {
    const error = leavingError(thrown, { log, path });
    expect(error.code).toBe(Code.Internal);
    expect(error.rawMessage).toMatch(/^internal error \(id [0-9a-f-]{36}\)$/);
  });
});
