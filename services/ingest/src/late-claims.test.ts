import type { ClaimStore } from "@millrace/cache";
import { Failure } from "@millrace/failure";
import { silentLogger } from "@millrace/runtime";
import { expect, it } from "vitest";
import { lateClaims } from "./late-claims.ts";

const AWAY = new Failure("unavailable", "BACKEND_UNAVAILABLE", "Redis did not answer");
const QUESTION = { count: 0, ids: new Uint8Array(), slots: new Float64Array() };
const OWNERS = new Uint8Array([7]);

function storeThat(closed: () => void): ClaimStore {
  const refuse = () => Promise.reject(new Error("not asked for"));
  const close = async () => closed();
  return { lookup: async () => OWNERS, close, claim: refuse, release: refuse, expire: refuse, ready: refuse };
}

it("are asked as soon as they are there, and are away until then", async () => {
  let isClosed = false;
  const coming = Promise.withResolvers<ClaimStore>();
  const claims = lateClaims(() => coming.promise, silentLogger());
  await expect(claims.lookup(QUESTION)).rejects.toMatchObject({ kind: "unavailable" });
  coming.resolve(
    storeThat(() => {
      isClosed = true;
    }),
  );
  await expect.poll(() => claims.lookup(QUESTION).catch(() => undefined)).toBe(OWNERS);
  await claims.close();
  expect(isClosed).toBe(true);
});

it("are not waited for by a process that stops", async () => {
  const claims = lateClaims(() => Promise.reject(AWAY), silentLogger());
  await claims.close();
  await expect(claims.lookup(QUESTION)).rejects.toMatchObject({ kind: "unavailable" });
});

it("that can not be used leave ingest without them", async () => {
  const wrong = new Failure("precondition", "BACKEND_UNAVAILABLE", "the Redis of the claims evicts");
  const claims = lateClaims(() => Promise.reject(wrong), silentLogger());
  await expect(claims.lookup(QUESTION)).rejects.toMatchObject({ kind: "unavailable" });
  await claims.close();
});
