/** Appends until it is killed, and prints what was acknowledged: run by the crash test. */
import { openEmbeddedEventLog } from "./embedded-event-log.ts";

const log = await openEmbeddedEventLog({ directory: process.argv[2]!, partitions: 4 });
process.stdout.write("ready\n");

async function append(caller: number): Promise<never> {
  for (let i = 0; ; i++) {
    const partition = (caller + i) % 4;
    const value = Buffer.alloc(20 + ((i * 7919) % 30_000), `${caller}:${i};`);
    const { offset } = await log.append(partition, value);
    process.stdout.write(`${partition} ${offset} ${caller}:${i};\n`);
  }
}

await Promise.all([append(0), append(1), append(2)]);
