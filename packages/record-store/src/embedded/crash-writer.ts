// Changes one record until it is killed, and prints each version once it is acknowledged. Run by the tests alone.
import { openEmbeddedRecordStore } from "./embedded-record-store.ts";

const store = await openEmbeddedRecordStore({ directory: process.argv[2] ?? "" });
let version = (await store.get("crash", "counter"))?.version ?? 0;
for (;;) {
  const value = new TextEncoder().encode(`${version + 1}`);
  version = await store.put({ collection: "crash", id: "counter", expectedVersion: version, value });
  process.stdout.write(`${version}\n`);
}
