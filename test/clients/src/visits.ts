/**
 * A user's program. It is compiled against the declarations that are published, and run by every Node that the client
 * promises to work in; so it is plain enough for the oldest when its types are gone.
 */
import { createMillrace, type Row } from "@millrace/client";

const EVENTS = 1_000;
const { URL: url = "", KEY: key = "" } = process.env;

const said: Record<string, number> = {};
for (const transport of ["grpc", "fetch"] as const) {
  const millrace = createMillrace({ url, key, transport });
  const visitor = millrace.with({ anonymousId: `${transport}-visitor` });
  for (let i = 0; i < EVENTS; i++) {
    visitor.track("page_view", { url: `https://example.org/${transport}` });
  }
  const { pending } = await millrace.flush({ timeoutMs: 20_000 });
  said[`${transport} pending`] = pending;
  said[`${transport} accepted`] = millrace.stats().accepted;
  await millrace.close();
}

const millrace = createMillrace({ url, key });
const question = { metrics: ["page_views", "visitors"], dimensions: ["page"], range: { last: "1h" } } as const;
for await (const { rows } of millrace.watch(question)) {
  said["watched"] = rows.reduce((sum, row) => sum + (row.page_views ?? 0), 0);
  if (said["watched"] === 2 * EVENTS) break;
}
const { rows } = await millrace.query(question);
const pages: readonly Row<"page_views" | "visitors", "page">[] = rows;
for (const { page, page_views, visitors } of pages) {
  said[`views of ${page}`] = page_views ?? 0;
  said[`visitors of ${page}`] = visitors ?? 0;
}
await millrace.close();
process.stdout.write(JSON.stringify(said));
