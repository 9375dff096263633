import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { type Filter, Condition_Operator as Operator } from "@millrace/api/millrace/event/v1/filter_pb";
import type { TailRequestSchema, TailResponse } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { type TailedEvent, TailedEvent_Verdict as Verdict } from "@millrace/api/millrace/reporting/v1/tail_pb";
import {
  decodeTailRequest,
  encodeTailMessage,
  TAIL_REQUESTS_CHANNEL,
  type TailMessage,
  type TailRequest,
  type ToldEvent,
  tailChannel,
} from "@millrace/tail";
import { expect, it, onTestFinished, vi } from "vitest";
import type { ReportingLimits } from "../src/limits.ts";
import { FoldedStore } from "./folded-store.ts";
import { definitionsOf } from "./project.ts";
import { type Asked, askReporting } from "./reporting-client.ts";

const NOW = Date.UTC(2026, 10, 20);

type Init = MessageInitShape<typeof EventSchema>;

let places = 0;

function told(event: Init, more: Partial<ToldEvent> = {}): ToldEvent {
  const bytes = toBinary(EventSchema, create(EventSchema, event));
  const stamps = { timeMs: NOW - 5_000, receivedAtMs: NOW, version: 2, eventId: `id-${places}`, userAgent: "" };
  return { offset: places++, index: 0, verdict: "counted", ...stamps, bytes, ...more };
}

/** Someone who tails, and keeps what was sent; waits before each further message where it is said. */
class Reader {
  readonly responses: TailResponse[] = [];
  error: unknown;
  readonly #stop = new AbortController();

  constructor({ client }: Asked, request: MessageInitShape<typeof TailRequestSchema>, pause = async () => {}) {
    void this.#run(client.tail(request, { signal: this.#stop.signal }), pause);
    onTestFinished(() => this.#stop.abort());
  }

  get events(): TailedEvent[] {
    return this.responses.flatMap(({ events }) => events);
  }

  get names(): string[] {
    return this.events.map(({ event }) => event!.name);
  }

  get skipped(): number {
    return this.responses.reduce((sum, { skippedCount }) => sum + Number(skippedCount), 0);
  }

  get gaps(): number {
    return this.responses.filter(({ isGap }) => isGap).length;
  }

  stop(): void {
    this.#stop.abort();
  }

  async #run(responses: AsyncIterable<TailResponse>, pause: () => Promise<void>): Promise<void> {
    try {
      for await (const response of responses) {
        this.responses.push(response);
        await pause();
      }
    } catch (error) {
      this.error = error;
    }
  }
}

/** Reporting, and what stands in the place of processing. */
async function open(limits: Partial<ReportingLimits> = {}) {
  const definitions = definitionsOf();
  const asked = await askReporting(
    (await FoldedStore.open()).store,
    () => definitions,
    () => NOW,
    limits,
  );
  const { cache, app } = asked;
  onTestFinished(() => app.close());
  const requests: TailRequest[] = [];
  const messages = await cache.subscribe(TAIL_REQUESTS_CHANNEL);
  void (async () => {
    for await (const { payload } of messages) requests.push(decodeTailRequest(payload));
  })();
  const sequences = new Map<string, number>();
  const tell = async (events: readonly ToldEvent[], more: Partial<TailMessage> = {}) => {
    const { source = "1:0" } = more;
    const sequence = sequences.get(source) ?? 0;
    if (more.request === undefined) sequences.set(source, sequence + 1);
    const message = { source, epoch: "e", sequence, skipped: 0, events, ...more };
    await cache.publish(tailChannel("shop"), encodeTailMessage(message));
  };
  const tail = async (request: MessageInitShape<typeof TailRequestSchema> = {}, pause?: () => Promise<void>) => {
    const reader = new Reader(asked, request, pause);
    await vi.waitFor(() => expect(reader.responses.length > 0 || reader.error !== undefined).toBe(true), 10_000);
    return reader;
  };
  return { ...asked, requests, tell, tail };
}

function condition(
  field: string,
  operator: Operator,
  value: string | number | boolean,
): MessageInitShape<typeof TailRequestSchema> {
  const kind =
    typeof value === "string"
      ? { case: "stringValue" as const, value }
      : typeof value === "number"
        ? { case: "numberValue" as const, value }
        : { case: "boolValue" as const, value };
  return {
    filter: { kind: { case: "condition", value: { field, operator, values: [{ kind }] } } } as unknown as Filter,
  };
}

const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

it("answers at once, and then with each event: when it counts, what became of it, what was derived", async () => {
  const { tell, tail, requests } = await open();
  const reader = await tail();
  expect(reader.responses[0]).toMatchObject({ events: [], skippedCount: 0n, isGap: false });
  expect(requests).toEqual([{ projectId: "shop" }]);
  const view = { name: "page_view", userId: "u", properties: { url: "https://a.example/x/", n: 1, gone: null } };
  await tell([
    told(view, { userAgent: CHROME, eventId: "given" }),
    told({ name: "b", eventId: "own" }, { verdict: "duplicate", eventId: "own" }),
    told({ name: "c" }, { verdict: "late" }),
    told({}, { verdict: "deadLettered", bytes: Uint8Array.of(10, 200, 1), eventId: "" }),
  ]);
  await vi.waitFor(() => expect(reader.events).toHaveLength(4), 10_000);
  const [first] = reader.events;
  expect(first).toMatchObject({
    event: { eventId: "given", name: "page_view", userId: "u", properties: view.properties },
    receiveTime: timestampFromMs(NOW),
    derived: { page: "/x", browser: "Chrome", os: "Linux", device: "desktop" },
  });
  expect(first!.event!.time).toEqual(timestampFromMs(NOW - 5_000));
  expect(first!.derived).not.toHaveProperty("bot");
  expect(reader.events.map(({ verdict }) => verdict)).toEqual([
    Verdict.COUNTED,
    Verdict.DUPLICATE,
    Verdict.LATE,
    Verdict.DEAD_LETTERED,
  ]);
  expect(reader.events.map(({ event }) => event!.eventId)).toEqual([
    "given",
    "own",
    reader.events[2]!.event!.eventId,
    "",
  ]);
});

it("derives fields, for answers and filters, by the version that the event was processed by", async () => {
  const { tell, tail } = await open();
  const all = await tail();
  const filtered = await tail(condition("page", Operator.EQUALS, "/shop"));
  const event = { name: "view", properties: { url: "https://a.example/shop/" } };
  await tell([told(event, { version: 1 }), told(event, { version: 2 }), told(event, { version: 99 })]);
  await vi.waitFor(() => expect(all.events).toHaveLength(3), 10_000);
  expect(all.events.map(({ derived }) => derived["page"])).toEqual(["/shop/", "/shop", "/shop"]);
  await vi.waitFor(() => expect(filtered.events).toHaveLength(2), 10_000);
});

it.each([
  ["a name", { names: ["a", "b"] }, ["a", "b", "a"]],
  ["a number", condition("amount", Operator.GREATER_OR_EQUAL, 10), ["b", "c"]],
  ["a user", condition("user_id", Operator.EQUALS, "u1"), ["a", "c"]],
  ["a property with the name of a field", condition("properties.user_id", Operator.EQUALS, "u1"), ["b"]],
  ["lateness", condition("late", Operator.EQUALS, true), ["c"]],
  ["a bot", condition("bot", Operator.EQUALS, true), ["a"]],
])("lets pass what a filter wants: %s", async (_, request, names) => {
  const { tell, tail } = await open();
  const reader = await tail(request);
  const marker = await tail();
  await tell([
    told({ name: "a", userId: "u1", properties: { amount: 9.5 } }),
    told({ name: "b", properties: { amount: 10, user_id: "u1" } }),
    told({ name: "c", userId: "u1", properties: { amount: 11 } }, { verdict: "late" }),
    told({ name: "a", properties: { amount: "12" } }, { userAgent: "Googlebot/2.1" }),
  ]);
  await vi.waitFor(() => expect(marker.events).toHaveLength(4), 10_000);
  await vi.waitFor(() => expect(reader.names).toEqual(names), 10_000);
  expect(reader.skipped).toBe(0);
});

it("sends no more than was asked for in a second, a sample of all, and counts the rest exactly", async () => {
  const { tell, tail } = await open();
  const reader = await tail({ maxEventsPerSecond: 5 });
  const names = await tail({ names: ["n7"], maxEventsPerSecond: 200 });
  const began = performance.now();
  for (let i = 0; i < 10; i++) {
    await tell(
      Array.from({ length: 100 }, (_, j) => told({ name: `n${j % 10}` })),
      { skipped: 11 },
    );
  }
  await vi.waitFor(() => expect(reader.events.length + reader.skipped).toBe(1_110), { timeout: 5_000 });
  expect(reader.events.length).toBeLessThanOrEqual(5 * (1 + Math.ceil((performance.now() - began) / 1_000)));
  // All that match were few enough; of what processing left out it is not known whether they do.
  await vi.waitFor(() => expect([names.events.length, names.skipped]).toEqual([100, 110]), 10_000);
});

it("keeps a bounded sample for a reader that does not read, and counts the rest", async () => {
  const { tell, tail } = await open();
  const { promise: woken, resolve: wake } = Promise.withResolvers<void>();
  const reader = await tail({ maxEventsPerSecond: 10 }, () => woken);
  for (let i = 0; i < 50; i++) await tell(Array.from({ length: 200 }, () => told({ name: "x" })));
  wake();
  await vi.waitFor(() => expect(reader.events.length + reader.skipped).toBe(10_000), { timeout: 5_000 });
  expect(reader.events.length).toBeLessThanOrEqual(40);
  expect(reader.gaps).toBe(0);
});

it("says that something is missing when a message was lost, or another processor goes on", async () => {
  const { tell, tail } = await open();
  const reader = await tail();
  const send = async (name: string, more: Partial<TailMessage>) => {
    await tell([told({ name })], more);
    await vi.waitFor(() => expect(reader.names).toContain(name), 10_000);
    return reader.gaps;
  };
  expect(await send("first", { sequence: 7 })).toBe(0);
  expect(await send("next", { sequence: 8 })).toBe(0);
  expect(await send("another partition", { source: "1:1", sequence: 3 })).toBe(0);
  expect(await send("after a hole", { sequence: 10 })).toBe(1);
  expect(await send("of another", { epoch: "f", sequence: 0 })).toBe(2);
  expect(await send("of it still", { epoch: "f", sequence: 1 })).toBe(2);
});

it("says so when it could not keep up, and goes on", async () => {
  const { tell, tail, cache } = await open();
  const reader = await tail();
  // What can't be read ends the subscription, as falling behind does.
  await cache.publish(tailChannel("shop"), Buffer.from("?"));
  await vi.waitFor(() => expect(reader.gaps).toBe(1), 10_000);
  await vi.waitFor(async () => {
    await tell([told({ name: "again" })]);
    expect(reader.names).toContain("again");
  }, 10_000);
  expect(reader.gaps).toBe(1);
});

it("begins with the newest of the recent events of all processors, each once", async () => {
  const { tell, tail, requests } = await open();
  const reader = await tail({ recentCount: 3 });
  await vi.waitFor(() => expect(requests.some(({ recent }) => recent?.count === 3)).toBe(true), 10_000);
  const { request } = requests.find(({ recent }) => recent !== undefined)!.recent!;
  const at = (name: string, seconds: number) => told({ name }, { receivedAtMs: NOW + seconds * 1_000 });
  const [b, d] = [at("b", 2), at("d", 4)];
  await tell([at("a", 1), d], { request });
  await tell([b, at("c", 3)], { request, source: "1:1" });
  await tell([at("other", 9)], { request: "of another tail" });
  await vi.waitFor(() => expect(reader.names).toEqual(["b", "c", "d"]), 10_000);
  await tell([d, at("e", 5)]);
  await vi.waitFor(() => expect(reader.names).toEqual(["b", "c", "d", "e"]), 10_000);
  expect(reader.skipped).toBe(0);
  // Of what a filter lets pass there may be few, so all are asked for.
  await tail({ recentCount: 3, names: ["x"] });
  await vi.waitFor(() => expect(requests.some(({ recent }) => recent?.count === 50)).toBe(true), 10_000);
});

it("gives ids as pseudonyms that are the same within a call, and leaves properties as they are", async () => {
  const { tell, tail } = await open();
  const [one, other] = [await tail({ maskIds: true }), await tail({ maskIds: true })];
  const ids = { userId: "ada", anonymousId: "ada", sessionId: "visit" };
  await tell([
    told({ name: "a", ...ids, properties: { email: "ada@example.org" } }),
    told({ name: "b", userId: "ada" }),
  ]);
  await vi.waitFor(() => expect([one.events.length, other.events.length]).toEqual([2, 2]), 10_000);
  const [a, b] = one.events.map(({ event }) => event!);
  expect(a!.userId).toMatch(/^[\w-]{10}$/);
  expect([a!.anonymousId, b!.userId]).toEqual([a!.userId, a!.userId]);
  expect(a!.sessionId).not.toBe(a!.userId);
  expect(b!.sessionId).toBe("");
  expect(a!.properties).toEqual({ email: "ada@example.org" });
  expect(other.events[0]!.event!.userId).not.toBe(a!.userId);
});

it("refuses a filter that is wrong, by its field", async () => {
  const { tail } = await open();
  const refused = async (request: MessageInitShape<typeof TailRequestSchema>) => {
    const { error } = await tail(request);
    expect(ConnectError.from(error).code).toBe(Code.InvalidArgument);
    return ConnectError.from(error).message;
  };
  expect(await refused(condition("amount", Operator.LESS, "ten"))).toContain("filter.condition.values[0]");
  expect(await refused(condition("properties.", Operator.EQUALS, "x"))).toContain("filter.condition.field");
  expect(await refused(condition("k".repeat(129), Operator.EQUALS, "x"))).toContain("filter.condition.field");
  expect(await refused(condition("a", Operator.EQUALS, "x".repeat(17_000)))).toContain("at most 16384");
  expect(await refused({ maxEventsPerSecond: 201 })).toContain("max_events_per_second");
});

it("keeps no more tails than it may, and gives their places back", async () => {
  const { tail, tell } = await open({ tailsPerProjectMax: 2 });
  const [one] = [await tail(), await tail()];
  expect(ConnectError.from((await tail()).error).code).toBe(Code.ResourceExhausted);
  one!.stop();
  const again = await vi.waitFor(async () => {
    const reader = await tail();
    expect(reader.error).toBeUndefined();
    return reader;
  }, 10_000);
  await tell([told({ name: "x" })]);
  await vi.waitFor(() => expect(again.names).toEqual(["x"]), 10_000);
});

it("ends with unavailable when the service drains", async () => {
  const { tail, app } = await open();
  const reader = await tail();
  app.drain();
  await vi.waitFor(() => expect(ConnectError.from(reader.error).code).toBe(Code.Unavailable), 10_000);
});
