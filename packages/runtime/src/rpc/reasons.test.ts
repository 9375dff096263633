import { readFileSync } from "node:fs";
import { Code } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { ReasonSchema } from "@millrace/api/millrace/failure/v1/reason_pb";
import { REASONS } from "@millrace/failure";
import { describe, expect, it } from "vitest";

const page = readFileSync(new URL("../../../../docs/errors.md", import.meta.url), "utf8").replace(/ +\|/g, " |");
const ROW = /^\| `([A-Z_]+)` \| (.+?) \| (.+?) \| (.+?) \|$/gm;
const rows = [...page.matchAll(ROW)].map(([, reason, codes, meaning, advice]) => ({ reason, codes, meaning, advice }));

describe("the reasons for failures", () => {
  it("are the same in the contract and in the code", () => {
    const declared = ReasonSchema.values
      .filter(({ number }) => number !== 0)
      .map(({ name }) => name.replace(/^REASON_/, ""));
    expect([...REASONS].sort()).toEqual(declared.sort());
  });

  it("are each explained once in docs/errors.md, and nothing else is", () => {
    expect(rows.map(({ reason }) => reason).sort()).toEqual([...REASONS].sort());
  });

  it("are explained with codes that exist, what they mean, and what to do", () => {
    const codes = new Set(
      Object.values(Code).flatMap((code) => (typeof code === "number" ? [codeToString(code)] : [])),
    );
    for (const row of rows) {
      const named = [...row.codes!.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code!);
      expect(named.length, row.reason).toBeGreaterThan(0);
      for (const code of named) expect(codes, row.reason).toContain(code);
      expect(row.meaning, row.reason).toMatch(/\.$/);
      expect(row.advice, row.reason).toMatch(/\.$/);
    }
  });
});
