import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { describe, expect, it } from "vitest";
import { requireScope } from "./principal.ts";

const SCOPES = [Scope.INGEST, Scope.IMPORT, Scope.REPORT, Scope.ADMIN, Scope.SERVICE];

describe("a scope", () => {
  it.each([
    { required: Scope.INGEST, by: [Scope.INGEST, Scope.IMPORT] },
    { required: Scope.IMPORT, by: [Scope.IMPORT] },
    { required: Scope.REPORT, by: [Scope.REPORT, Scope.ADMIN] },
    { required: Scope.ADMIN, by: [Scope.ADMIN] },
    { required: Scope.SERVICE, by: [Scope.SERVICE] },
    { required: Scope.PUBLIC, by: SCOPES },
    { required: Scope.UNSPECIFIED, by: [] },
  ])("$required is satisfied by $by alone", ({ required, by }) => {
    const satisfying = SCOPES.filter((scope) => {
      try {
        requireScope({ keyId: "k", projectId: undefined, scopes: new Set([scope]) }, required);
        return true;
      } catch {
        return false;
      }
    });
    expect(satisfying).toEqual(by);
  });
});
