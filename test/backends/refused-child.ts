/** Opens a cell store that is refused, and leaves the process to end by itself: `node refused-child.ts OPTIONS`. */
import { openCassandraCellStore } from "@millrace/cell-store/cassandra";
import { Failure } from "@millrace/failure";

try {
  await openCassandraCellStore(JSON.parse(process.argv[2] ?? "{}"));
} catch (error) {
  process.stdout.write(error instanceof Failure ? error.message : String(error));
}
