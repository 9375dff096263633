import type { AnyResponse } from "./one-port.ts";

/** Writes a response's status and headers, whichever HTTP version it is of. */
export function writeHead(response: AnyResponse, status: number, headers: Readonly<Record<string, string>>): void {
  if ("stream" in response) response.writeHead(status, headers);
  else response.writeHead(status, headers);
}

/** Writes a whole response. */
export function writeAnswer(
  response: AnyResponse,
  answer: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body?: string },
): void {
  writeHead(response, answer.status, answer.headers);
  if (answer.body === undefined) response.end();
  else response.end(answer.body);
}
