/** Claims until it is killed, and prints what was acknowledged: run by the crash test. */
import { claims, offsets } from "../contract/claims-harness.ts";
import { openEmbeddedClaims } from "./embedded-claims.ts";

const [directory, run] = process.argv.slice(2) as [string, string];
const store = await openEmbeddedClaims({ directory, maxResidentBytes: 30_000 });
process.stdout.write("ready\n");

async function claim(caller: number): Promise<never> {
  for (let call = 0; ; call++) {
    const batch = Array.from({ length: 40 }, (_, i) => ({
      id: `${run}:${caller}:${call}:${i}`,
      slot: (call + i) % 7,
      offset: call * 40 + i,
    }));
    const owners = offsets(await store.claim(claims(batch), 4e12));
    process.stdout.write(batch.map(({ id, slot }, i) => `${id} ${slot} ${owners[i]}\n`).join(""));
  }
}

await Promise.all([claim(0), claim(1), claim(2)]);
