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
  if (answer.body === undefined) {
    // Headers that are written only now end the stream by themselves. gRPC's clients take an empty DATA frame after
    // them for a broken stream.
    response.statusCode = answer.status;
    for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
    response.end();
    return;
  }
  writeHead(response, answer.status, answer.headers);
  response.end(answer.body);
}
