import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { describe, expect, it } from "vitest";
import { parseEnvironment } from "../env/parse-environment.ts";
import { SERVICE_KEY_VARIABLES } from "../env/service-variables.ts";
import type { Principal } from "./principal.ts";
import { authenticateServices } from "./service-key.ts";

const FIRST = `mlr_service_${"a".repeat(32)}`;
const SECOND = `mlr_service_${"b".repeat(40)}`;
const ADA: Principal = { keyId: "ada", projectId: "demo", scopes: new Set([Scope.REPORT]) };

describe("a service key", () => {
  const authenticate = authenticateServices([FIRST, SECOND], async () => ADA);

  it("is good for calls between services alone, each of those configured", async () => {
    for (const key of [FIRST, SECOND]) {
      const principal = await authenticate(key);
      expect([...principal.scopes]).toEqual([Scope.SERVICE]);
      expect(principal).toMatchObject({ projectId: undefined, mayActForOthers: true });
    }
  });

  it("is refused when it is another, a part of one, or longer than one", async () => {
    for (const key of [`mlr_service_${"c".repeat(32)}`, FIRST.slice(0, -1), `${FIRST}a`, "mlr_service_"]) {
      await expect(authenticate(key)).rejects.toMatchObject({ kind: "unauthenticated", reason: "CREDENTIAL_UNKNOWN" });
    }
  });

  it("leaves every other credential to whom it concerns, who may not act for others", async () => {
    for (const text of ["mlr_live_x", "mls_x", undefined]) expect(await authenticate(text)).toBe(ADA);
  });
});

describe("MILLRACE_SERVICE_KEY", () => {
  const read = (value: string) => parseEnvironment(SERVICE_KEY_VARIABLES, { MILLRACE_SERVICE_KEY: value }).serviceKeys;

  it("holds one key, or several while one is replaced by another", () => {
    expect(read(FIRST)).toEqual([FIRST]);
    expect(read(`${SECOND},${FIRST}`)).toEqual([SECOND, FIRST]);
  });

  it("refuses what could be guessed, and does not show it", () => {
    for (const weak of ["secret", "mlr_service_short", "a".repeat(40), `${FIRST},secret`]) {
      expect(() => read(weak)).toThrow(/its value is not allowed; it must be "mlr_service_" and at least 32/);
      expect(() => read(weak)).not.toThrow(new RegExp(weak));
    }
  });
});
