/**
 * A process that answers as PostHog's `/batch/` does, and counts: it tells its port, and whenever it is asked how many
 * different events came.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

const ids = new Set<string>();
let received = 0;

const server = createServer((request, response) => {
  text(request).then(
    (body) => {
      if (request.url === "/batch/") count(JSON.parse(body));
      response.setHeader("content-type", "application/json");
      response.end('{"status":"Ok"}');
    },
    () => response.destroy(),
  );
});
server.listen(0, "127.0.0.1", () => process.send!((server.address() as AddressInfo).port));
process.on("message", () => process.send!({ received, different: ids.size }));
// Whoever started it is gone.
process.once("disconnect", () => process.exit(0));

function count({ batch }: { readonly batch: readonly { readonly uuid: string }[] }): void {
  received += batch.length;
  for (const { uuid } of batch) ids.add(uuid);
}
