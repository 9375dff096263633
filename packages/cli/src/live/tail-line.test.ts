import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type TailedEvent,
  TailedEventSchema,
  TailedEvent_Verdict as Verdict,
} from "@millrace/api/millrace/reporting/v1/tail_pb";
import { describe, expect, it } from "vitest";
import { painter } from "../terminal/color.ts";
import { tailDocument, tailLine } from "./tail-line.ts";

const OPTIONS = { paint: painter(false), width: 100, timeZone: "Europe/Berlin" };

function tailed(init: Exclude<MessageInitShape<typeof TailedEventSchema>, TailedEvent> = {}) {
  return create(TailedEventSchema, {
    event: {
      eventId: "e1",
      name: "page_view",
      time: { seconds: 1_795_271_400n },
      userId: "ada",
      properties: { url: "https://example.org/pricing?a=1", load_ms: 120, title: "Prices and plans" },
    },
    verdict: Verdict.COUNTED,
    derived: { page: "/pricing", referrer_source: "Hacker News", bot: "false" },
    ...init,
  });
}

describe("a line of an event", () => {
  it("says when (in the project's zone), what, who, and what matters most first", () => {
    expect(tailLine(tailed(), OPTIONS)).toBe(
      '15:30:00  page_view       ada         page=/pricing referrer_source="Hacker News" load_ms=120',
    );
  });

  it("marks what does not count", () => {
    expect(tailLine(tailed({ verdict: Verdict.DUPLICATE }), OPTIONS)).toContain("ada         duplicate  page=");
    expect(tailLine(tailed({ verdict: Verdict.LATE }), OPTIONS)).toContain("  late  ");
    expect(tailLine(tailed({ verdict: Verdict.DEAD_LETTERED }), OPTIONS)).toContain("  dead letter  ");
  });

  it("fits the terminal, and is whole in a file", () => {
    for (const width of [40, 60, 80])
      expect(tailLine(tailed(), { ...OPTIONS, width }).length).toBeLessThanOrEqual(width);
    expect(tailLine(tailed(), { ...OPTIONS, width: undefined })).toContain("load_ms=120");
  });

  it("shows the end of a long id, which tells it from others", () => {
    const event = { name: "signup", userId: "0198f3a0-1111-7000-8000-00000000beef" };
    expect(tailLine(tailed({ event }), OPTIONS)).toContain("…00000beef");
  });

  it("does not let an event's text control the terminal", () => {
    const event = { name: "a\u001b[2Jb\nc", properties: { "k\u0007": "\u001b]0;title\u0007" } };
    expect(tailLine(tailed({ event, derived: {} }), OPTIONS)).not.toMatch(/\p{Cc}/u);
  });
});

it("an event for programs has what was sent and what was derived apart", () => {
  expect(tailDocument(tailed())).toMatchObject({
    type: "event",
    name: "page_view",
    verdict: "counted",
    userId: "ada",
    properties: { load_ms: 120 },
    derived: { page: "/pricing" },
  });
});
