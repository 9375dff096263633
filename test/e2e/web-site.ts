import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A web site: what stands in the body of each page, by path. */
export type Pages = Readonly<Record<string, string>>;

/**
 * Serves a web site at an origin of its own until the test ends; gives the origin, such as "http://127.0.0.1:40321".
 *
 * @param head what the page of a path has in its head
 */
export async function serveSite(head: (path: string) => string, pages: Pages): Promise<string> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site.invalid");
    const body = pages[pathname];
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "text/html; charset=utf-8" });
    response.end(
      `<!doctype html><html lang="en"><head><title>${pathname}</title>${head(pathname)}</head><body>${body}</body></html>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
