import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { describe, expect, it } from "vitest";
import { problemOf } from "./problem.ts";

function failure(code: Code, reason: string, metadata: Record<string, string> = {}): ConnectError {
  const value = create(ErrorInfoSchema, { reason, domain: "millrace.dev", metadata });
  return new ConnectError("no rollup keeps it", code, undefined, [{ desc: ErrorInfoSchema, value }]);
}

describe("what went wrong", () => {
  it.each([
    ["the network", new TypeError("Failed to fetch"), "away"],
    ["a server in between", new ConnectError("HTTP 502", Code.Unavailable), "away"],
    ["a restart", failure(Code.Unavailable, "DRAINING"), "away"],
    ["a session that ended", failure(Code.Unauthenticated, "SESSION_INVALID"), "session"],
    ["no cookie", failure(Code.Unauthenticated, "CREDENTIAL_MISSING"), "session"],
    ["a combination that is not kept", failure(Code.FailedPrecondition, "ROLLUP_MISSING"), "notKept"],
    ["a wrong question", failure(Code.InvalidArgument, "METRIC_UNKNOWN"), "refused"],
    ["too many readers", failure(Code.ResourceExhausted, "LIMIT_REACHED"), "away"],
  ])("with %s is told apart", (_, error, kind) => {
    expect(problemOf(error)).toMatchObject({ kind });
  });

  it("is said in a sentence, with the command that helps", () => {
    const command = "millrace rollup create x";
    expect(problemOf(failure(Code.FailedPrecondition, "ROLLUP_MISSING", { command }))).toMatchObject({
      title: "Not kept in this combination",
      detail: "No rollup keeps it.",
      command,
    });
  });
});
