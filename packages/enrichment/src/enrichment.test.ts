import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CURRENT_VERSION, DERIVED_FIELDS, ENRICHMENT_VERSIONS, enrichment, INPUT_PROPERTIES } from "./index.ts";

/**
 * What each version answers for ever. A row that has to change, by a new rule or by an update of bowser or isbot, is
 * the sign that a new version is needed.
 */
function golden<Row>(name: string): Row[] {
  return JSON.parse(readFileSync(new URL(`./golden/${name}.json`, import.meta.url), "utf8"));
}

type UserAgentRow = { userAgent: string; browser: string; os: string; device: [string, string]; bot: boolean };
type ReferrerRow = { referrer: string; source: [string, string] };
type PageRow = { url: string; page: [string, string] };

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 400 }),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.constantFrom(
    ...golden<UserAgentRow>("user-agents").map((row) => row.userAgent),
    ...golden<ReferrerRow>("referrers").map((row) => row.referrer),
  ),
  fc.string({ unit: fc.constantFrom(..."/:?#@%&=+.[]aé€😀 -utm_source"), maxLength: 300 }),
);
const anyEvent = fc.record(Object.fromEntries(INPUT_PROPERTIES.map((key) => [key, anyText])), { requiredKeys: [] });

describe.each(ENRICHMENT_VERSIONS)("version %i of enrichment", (version) => {
  const column = ENRICHMENT_VERSIONS.indexOf(version);
  const { derive, isBot } = enrichment(version);

  it.each(golden<UserAgentRow>("user-agents"))("knows $userAgent", ({ userAgent, browser, os, device, bot }) => {
    const input = { user_agent: userAgent };
    const derived = {
      browser: derive("browser", input),
      os: derive("os", input),
      device: derive("device", input),
      bot: isBot(input),
    };
    expect(derived).toEqual({ browser, os, device: device[column], bot });
    expect(derive("bot", input)).toBe(String(bot));
  });

  it.each(golden<ReferrerRow>("referrers"))("names the source of '$referrer'", ({ referrer, source }) => {
    const input = { referrer, url: "https://shop.example.com/checkout" };
    expect(derive("referrer_source", input)).toBe(source[column]);
  });

  it.each(golden<PageRow>("pages"))("takes the page of '$url'", ({ url, page }) => {
    expect(derive("page", { url })).toBe(page[column]);
    expect(derive("page", { page: url })).toBe(page[column]);
  });

  it("answers for any text, in at most 200 bytes", () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        for (const field of DERIVED_FIELDS) {
          expect(Buffer.byteLength(derive(field, event))).toBeLessThanOrEqual(200);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("answers the same from memory, whatever was asked between", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 8 }), (events) => {
        const answers = () => events.map((event) => DERIVED_FIELDS.map((field) => derive(field, event)));
        const first = answers();
        for (const other of ENRICHMENT_VERSIONS) {
          for (const event of events) for (const field of DERIVED_FIELDS) enrichment(other).derive(field, event);
        }
        expect(answers()).toEqual(first);
      }),
      { numRuns: 50 },
    );
  });

  it("reads of an event only what it says it reads", () => {
    const { fields } = enrichment(version);
    fc.assert(
      fc.property(anyEvent, anyText, (event, stamped) => {
        const input = { ...event, user_agent: event.user_agent || stamped };
        for (const field of DERIVED_FIELDS) {
          const keys: string[] = [];
          const read = fields.get(field)!((key) => keys.push(key) - 1);
          const slots = keys.map((key) => event[key as keyof typeof event]);
          expect(String(read({ userAgent: stamped }, slots))).toBe(derive(field, input));
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("campaigns", () => {
  const { derive } = enrichment(CURRENT_VERSION);
  const url = "https://shop.example.com/?utm_source=news%20letter&utm_medium=email&utm_campaign=a+b&utm_source=late#x";

  it("are read from the page's URL, the first of a name", () => {
    const fields = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"] as const;
    expect(fields.map((field) => derive(field, { url }))).toEqual(["news letter", "email", "a b", "", ""]);
  });

  it("are the event's own properties before those of its URL", () => {
    expect(derive("utm_source", { url, utm_source: "partner" })).toBe("partner");
    expect(derive("utm_source", { url, utm_source: " " })).toBe("news letter");
  });

  it("keep what is not valid percent-encoding as it is", () => {
    expect(derive("utm_term", { url: "/?utm_term=100%&utm_content=%zz" })).toBe("100%");
  });
});

describe("the fold's fields", () => {
  it("take the stamped user agent only where the event has none", () => {
    const read = enrichment(CURRENT_VERSION).fields.get("bot")!(() => 0);
    expect(read({ userAgent: "curl/8.4.0" }, [undefined])).toBe(true);
    expect(
      read({ userAgent: "curl/8.4.0" }, ["Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0"]),
    ).toBe(false);
    expect(read({ userAgent: "" }, [undefined])).toBe(false);
  });

  it("read numbers and booleans as text, and forget the event before", () => {
    const read = enrichment(CURRENT_VERSION).fields.get("utm_campaign")!((key) => (key === "utm_campaign" ? 0 : 1));
    expect(read({ userAgent: "" }, [2024, undefined])).toBe("2024");
    expect(read({ userAgent: "" }, [undefined, undefined])).toBe("");
  });
});

describe("versions", () => {
  it("that this release lacks are refused, so that nothing is folded with other rules", () => {
    expect(() => enrichment(3)).toThrow(/enrichment version 3 is not in this release \(1, 2\)/);
  });

  it("include the current one and the one before", () => {
    expect(ENRICHMENT_VERSIONS).toContain(CURRENT_VERSION);
    expect(ENRICHMENT_VERSIONS).toContain(CURRENT_VERSION - 1);
    expect(ENRICHMENT_VERSIONS.map((version) => enrichment(version).version)).toEqual(ENRICHMENT_VERSIONS);
  });
});
