import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { describe, expect, it } from "vitest";
import { follow, type Link } from "./follow.ts";

const AWAY = new ConnectError("connect ECONNREFUSED", Code.Unavailable);
const BROKEN = new ConnectError("missing EndStreamResponse", Code.InvalidArgument);
const DRAINING = withReason("the server drains", Code.Unavailable, "DRAINING");
const TOO_LARGE = withReason("7 series of 10080 buckets", Code.ResourceExhausted, "RESULT_TOO_LARGE");
const WRONG = withReason("there is no metric", Code.InvalidArgument, "METRIC_UNKNOWN");

function withReason(message: string, code: Code, reason: string): ConnectError {
  return new ConnectError(message, code, undefined, [{ desc: ErrorInfoSchema, value: { reason } }]);
}

/** Follows streams, each given by what it sends; an error ends one, and the end of all ends following. */
async function followed(streams: readonly (readonly (string | ConnectError)[])[]) {
  const ending = new AbortController();
  const messages: string[] = [];
  const links: Link["state"][] = [];
  let at = 0;
  async function* open(): AsyncGenerator<string> {
    for (const each of streams[at++] ?? []) {
      if (each instanceof ConnectError) throw each;
      yield each;
    }
    if (at >= streams.length) ending.abort();
  }
  await follow({
    open,
    signal: ending.signal,
    onMessage: (message) => messages.push(message),
    onLink: ({ state }) => links.push(state),
    random: () => 0,
  });
  return { messages, links };
}

describe("following a stream", () => {
  it("goes on after a lost connection, a drain and a stream that broke off", async () => {
    const { messages, links } = await followed([["a", AWAY], [AWAY], ["b", DRAINING], ["c", BROKEN], ["d"]]);
    expect(messages).toEqual(["a", "b", "c", "d"]);
    expect(links.filter((state) => state === "lost")).toHaveLength(4);
    expect(links.at(-1)).toBe("live");
  });

  it("goes on after a stream that ended without an error", async () => {
    expect((await followed([["a"], ["b"]])).messages).toEqual(["a", "b"]);
  });

  it("fails where no server is at the very first, so that an address typed wrong is seen", async () => {
    await expect(followed([[AWAY], ["a"]])).rejects.toBe(AWAY);
  });

  it("fails for what stays wrong, even after it was live", async () => {
    await expect(followed([[WRONG]])).rejects.toBe(WRONG);
    await expect(followed([[TOO_LARGE]])).rejects.toBe(TOO_LARGE);
    await expect(followed([["a", AWAY], [WRONG]])).rejects.toBe(WRONG);
  });
});
