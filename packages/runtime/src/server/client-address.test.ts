import { connect } from "node:http2";
import { describe, expect, it, onTestFinished } from "vitest";
import { clientAddress } from "./client-address.ts";
import { startFixture } from "./fixture.ts";

describe("the address of a client", () => {
  it.each([
    { says: "is the connection's, whatever the header claims", proxies: 0, forwarded: "6.6.6.6", expected: "10.0.0.1" },
    { says: "is what the one proxy saw", proxies: 1, forwarded: "203.0.113.7", expected: "203.0.113.7" },
    {
      says: "is not what the caller claimed to the one proxy",
      proxies: 1,
      forwarded: "6.6.6.6, 203.0.113.7",
      expected: "203.0.113.7",
    },
    {
      says: "is what the outer of two proxies saw",
      proxies: 2,
      forwarded: "6.6.6.6,203.0.113.7, 10.0.0.9",
      expected: "203.0.113.7",
    },
    {
      says: "is the farthest known where a proxy was passed by",
      proxies: 3,
      forwarded: "203.0.113.7",
      expected: "203.0.113.7",
    },
    {
      says: "is the connection's where no proxy says anything",
      proxies: 1,
      forwarded: undefined,
      expected: "10.0.0.1",
    },
    {
      says: "is the connection's where what is said is no address",
      proxies: 1,
      forwarded: "unknown",
      expected: "10.0.0.1",
    },
    { says: "is told without the port", proxies: 1, forwarded: "203.0.113.7:5123", expected: "203.0.113.7" },
    {
      says: "may be of IPv6, with brackets and port",
      proxies: 1,
      forwarded: "[2001:DB8::1]:5123",
      expected: "2001:db8::1",
    },
    {
      says: "of IPv4 is the same in its IPv6 form",
      proxies: 1,
      forwarded: "::ffff:203.0.113.7",
      expected: "203.0.113.7",
    },
  ])("$says", ({ proxies, forwarded, expected }) => {
    expect(clientAddress("10.0.0.1", forwarded === undefined ? {} : { "x-forwarded-for": forwarded }, proxies)).toBe(
      expected,
    );
  });

  it("is of IPv4 on a socket for both", () => {
    expect(clientAddress("::ffff:127.0.0.1", {}, 0)).toBe("127.0.0.1");
  });

  it("is none where there is no connection", () => {
    expect(clientAddress(undefined, {}, 0)).toBe("");
  });

  it("is known to handlers, over HTTP/1 and HTTP/2", async () => {
    const server = await startFixture({
      trustedProxies: 1,
      rawHandlers: { "/who": async (_request, response, call) => void response.end(call.clientAddress()) },
    });
    const one = await fetch(`${server.url}/who`, { headers: { "x-forwarded-for": "6.6.6.6, 203.0.113.7" } });
    expect(await one.text()).toBe("203.0.113.7");
    const session = connect(server.url);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":path": "/who" }).setEncoding("utf8");
    let text = "";
    for await (const chunk of stream) text += chunk;
    expect(text).toBe("127.0.0.1");
  });
});
