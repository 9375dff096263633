import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, RetryInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { describe, expect, it } from "vitest";
import { isPassing, pauseMs } from "./retry.ts";

const answered = (code: Code, reason: string) =>
  new ConnectError("no", code, undefined, [{ desc: ErrorInfoSchema, value: { reason, domain: "millrace.dev" } }]);

describe("trying again", () => {
  it("is for servers that are away or full, and for connections that broke", () => {
    expect(isPassing(new ConnectError("away", Code.Unavailable))).toBe(true);
    expect(isPassing(answered(Code.ResourceExhausted, "OVERLOADED"))).toBe(true);
    expect(isPassing(new ConnectError("reset", Code.Aborted))).toBe(true);
  });

  it("is not for what stays refused", () => {
    expect(isPassing(answered(Code.ResourceExhausted, "MESSAGE_TOO_LARGE"))).toBe(false);
    expect(isPassing(answered(Code.Internal, "INTERNAL"))).toBe(false);
    expect(isPassing(answered(Code.PermissionDenied, "SCOPE_MISSING"))).toBe(false);
    expect(isPassing(new Error("a defect"))).toBe(false);
  });

  it("comes after any time up to a bound that doubles, and never before the server wants it", () => {
    expect(pauseMs(1, undefined, 0)).toBe(0);
    expect(pauseMs(1, undefined, 0.5)).toBe(200);
    expect(pauseMs(100, undefined, 0.5)).toBe(5_000);
    const value = { retryDelay: { seconds: 2n, nanos: 500_000_000 } };
    const error = new ConnectError("full", Code.ResourceExhausted, undefined, [{ desc: RetryInfoSchema, value }]);
    expect(pauseMs(1, error, 0)).toBe(2_500);
  });
});
