import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { describe, expect, it } from "vitest";
import { firstCommand, firstCurl, scriptTag } from "./first-lines.ts";
import { originOf } from "./origin.ts";

describe("the lines for the first event", () => {
  it("send what the template counts", () => {
    expect(firstCommand({ projectId: "site", template: Template.WEB })).toBe(
      "npx millrace send page_view --user ada --project site --prop url=https://example.org/",
    );
    expect(firstCommand({ projectId: "api", template: Template.SERVICE })).toContain("--prop status=200");
    expect(firstCurl({ template: Template.SHOP }, "http://127.0.0.1:8080", "KEY")).toContain('"order_id":"1001"');
  });

  it("load the tracker from where the page came", () => {
    expect(scriptTag("https://m.example", "KEY")).toBe(
      '<script defer src="https://m.example/millrace.js" data-key="KEY"></script>',
    );
  });
});

describe("the origin of a site", () => {
  it.each([
    ["example.org", "https://example.org"],
    [" https://Example.org/blog?x=1 ", "https://example.org"],
    ["http://localhost:3000/", "http://localhost:3000"],
    ["localhost:3000", "http://localhost:3000"],
    ["*.example.org", "https://*.example.org"],
    ["https://xn--bcher-kva.example", "https://xn--bcher-kva.example"],
    ["bücher.example", "https://xn--bcher-kva.example"],
  ])("of %j is %s", (text, origin) => {
    expect(originOf(text)).toBe(origin);
  });

  it.each(["", "nonsense", "ftp://example.org", "https://", "a b.example"])("is none of %j", (text) => {
    expect(originOf(text)).toBeUndefined();
  });
});
