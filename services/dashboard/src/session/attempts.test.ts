import { expect, it } from "vitest";
import { Attempts } from "./attempts.ts";
import { networkOf } from "./network-of.ts";

function tries(attempts: Attempts, address: string, count: number): void {
  for (let i = 0; i < count; i++) attempts.begin(address);
}

it("counts addresses apart from each other, for a minute", () => {
  let nowMs = 0;
  const attempts = new Attempts(() => nowMs);
  tries(attempts, "192.0.2.1", 10);
  expect(() => attempts.begin("192.0.2.1")).toThrow("the next in 60 seconds");
  tries(attempts, "192.0.2.2", 10);
  nowMs = 60_000;
  tries(attempts, "192.0.2.1", 10);
});

it("counts attempts that are under way, and not those that succeeded", () => {
  const attempts = new Attempts(() => 0);
  const takeBack = Array.from({ length: 10 }, () => attempts.begin("a"));
  expect(() => attempts.begin("a")).toThrow("too many attempts");
  for (const each of takeBack) each();
  tries(attempts, "a", 10);
});

it("keeps nobody out for what others do, and remembers at most 1000 of them", () => {
  const attempts = new Attempts(() => 0);
  tries(attempts, "first", 10);
  for (let i = 0; i < 999; i++) tries(attempts, `address ${i}`, 10);
  expect(() => attempts.begin("first")).toThrow("too many attempts");
  attempts.begin("one more");
  attempts.begin("first");
});

it("counts all addresses of an IPv6 network as one", () => {
  expect(networkOf("2001:db8:0:1::1")).toBe("2001:db8:0:1::/64");
  expect(networkOf("2001:0db8:0000:0001:ffff:1:2:3")).toBe("2001:db8:0:1::/64");
  expect(networkOf("2001:db8::1:2:3:4:5")).toBe("2001:db8:0:1::/64");
  expect(networkOf("::1")).toBe("0:0:0:0::/64");
  expect(networkOf("64:ff9b::192.0.2.1")).toBe("64:ff9b:0:0::/64");
  expect(networkOf("192.0.2.1")).toBe("192.0.2.1");
  expect(networkOf("")).toBe("");
});
