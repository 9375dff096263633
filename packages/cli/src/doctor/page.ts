import { type Check, ok, warning } from "./check.ts";

const NAME = "page";
const PATIENCE_MS = 3_000;

/** Looks whether the server shows its page. Events are taken and counted without. */
export async function checkPage(url: string): Promise<Check> {
  let status: string;
  try {
    const answer = await fetch(`${url}/`, { redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS) });
    const isPage = answer.ok && /^text\/html/.test(answer.headers.get("content-type") ?? "");
    await answer.body?.cancel();
    if (isPage) return ok(NAME, `${url}/ (millrace open signs you in)`);
    status = `HTTP ${answer.status}`;
  } catch (error) {
    status = error instanceof Error ? error.name : String(error);
  }
  return warning(
    NAME,
    `it is not shown at ${url}/ (${status})`,
    "Events are counted all the same. The server's log says why.",
  );
}
