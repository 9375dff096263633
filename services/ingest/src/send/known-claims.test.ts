import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type ClaimStore, claimId, claimSlot, POSITION_BYTES, packPosition } from "@millrace/cache";
import { openEmbeddedClaims } from "@millrace/cache/embedded";
import { Failure } from "@millrace/failure";
import { describe, expect, it, onTestFinished } from "vitest";
import { bearer, NOW, startIngest } from "../testing/fixture.ts";

const ONE = { eventId: "claimed", name: "a", time: timestampFromMs(NOW) };

async function storeWithOne(): Promise<ClaimStore> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-claims-"));
  const claims = await openEmbeddedClaims({ directory });
  onTestFinished(async () => {
    await claims.close();
    rmSync(directory, { recursive: true });
  });
  const ids = new Uint8Array(16);
  claimId("shop", Buffer.from(ONE.eventId), 0, ONE.eventId.length, ids, 0);
  const positions = new Uint8Array(POSITION_BYTES);
  packPosition({ generation: 1, partition: 0, offset: 5, index: 0 }, positions, 0);
  const slots = Float64Array.from([claimSlot(NOW, false)]);
  await claims.claim({ count: 1, ids, slots, positions }, NOW + 86_400_000);
  return claims;
}

describe("a batch whose ids are claimed", () => {
  it("is answered as duplicate, by any process, for the project and kind of key that claimed", async () => {
    const { client } = await startIngest({ claims: await storeWithOne() });
    const batch = { events: [{ ...ONE, eventId: "new" }, ONE, { name: "without id" }] };
    const answer = await client.send(batch, bearer("ingest-key"));
    expect(answer).toMatchObject({ acceptedCount: 2, duplicateCount: 1, outcomes: [{ index: 1, eventId: "claimed" }] });
    expect(await client.send({ events: [ONE] }, bearer("import-key"))).toMatchObject({ acceptedCount: 1 });
    expect(await client.send({ events: [ONE] }, bearer("wide-key"))).toMatchObject({ acceptedCount: 1 });
  });

  it("is taken without an answer about claims when there is none", async () => {
    const claims = await storeWithOne();
    const away: ClaimStore = {
      claim: (...args) => claims.claim(...args),
      release: (...args) => claims.release(...args),
      expire: (...args) => claims.expire(...args),
      ready: () => claims.ready(),
      close: () => claims.close(),
      lookup: async () => {
        throw new Failure("unavailable", "BACKEND_UNAVAILABLE", "claims are away");
      },
    };
    const { client } = await startIngest({ claims: away });
    expect(await client.send({ events: [ONE] }, bearer("ingest-key"))).toMatchObject({ acceptedCount: 1 });
  });

  it("is acknowledged at the same pace while the claims hang: hardly any waits for them", async () => {
    let lookups = 0;
    const hanging = {
      lookup: () => {
        lookups++;
        return new Promise<never>(() => {});
      },
    };
    const { client } = await startIngest({ claims: hanging });
    const began = performance.now();
    for (let i = 0; i < 100; i++) {
      const answer = await client.send({ events: [{ ...ONE, eventId: `id ${i}` }] }, bearer("ingest-key"));
      expect(answer).toMatchObject({ acceptedCount: 1 });
    }
    const seconds = (performance.now() - began) / 1000;
    expect(lookups).toBeLessThanOrEqual(2 + seconds);
  });
});
