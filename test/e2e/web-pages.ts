import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { type Millrace, until } from "@millrace/harness";
import { ask, lastDays } from "@millrace/harness/load";

/** The origin of the pages. */
export const PAGE = "https://shop.example";
export const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
/** Today and yesterday, so that midnight does no harm to what is counted. */
export const RECENTLY = lastDays(2);

type Headers = Readonly<Record<string, string>>;

/** An event of a view of a page, as JSON. */
export const view = (page: string) => JSON.stringify({ name: "page_view", properties: { url: `${PAGE}${page}` } });

/** Makes a key that is good for pages of these origins alone. */
export async function pageKey(millrace: Millrace, ...allowedOrigins: string[]): Promise<string> {
  const apiKey = { projectId: "demo", displayName: "pages", scopes: [Scope.INGEST], allowedOrigins };
  return (await millrace.client(ApiKeyService).createApiKey({ apiKey })).text;
}

/** What the tracker does by sendBeacon. */
export function beacon(millrace: Millrace, key: string, page: string, headers: Headers = {}): Promise<Response> {
  return fetch(`${millrace.url}/v1/beacon?key=${key}`, {
    method: "POST",
    body: view(page),
    headers: { "content-type": "text/plain;charset=UTF-8", origin: PAGE, "user-agent": FIREFOX, ...headers },
  });
}

async function totals(millrace: Millrace) {
  const metrics = ["page_views", "visitors", "sessions"];
  const [row] = await ask(millrace, { projectId: "demo", metrics, timeRange: RECENTLY });
  return row;
}

/** What is counted, once it is so many views of pages. */
export const counted = (millrace: Millrace, pageViews: number) =>
  until(`${pageViews} page views are counted`, async () => {
    const row = await totals(millrace);
    return Number(row?.["page_views"]) >= pageViews ? row : undefined;
  });
