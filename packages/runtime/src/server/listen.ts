import type { AddressInfo, Server } from "node:net";
import { Failure } from "@millrace/failure";

/** Where to listen, and by which variable that was said. */
export type Address = { readonly host: string; readonly port: number; readonly variable: string };

/**
 * Makes a server listen, and gives its port (that which the system chose, for port 0). Fails with `invalid`, naming the
 * port and its variable, when the port is in use, or not allowed.
 */
export function listen(server: Server, { host, port, variable }: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(explained(error, host, port, variable));
    server.once("error", onError);
    server.listen({ host, port }, () => {
      server.off("error", onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function explained(error: NodeJS.ErrnoException, host: string, port: number, variable: string): Failure {
  const description = whatIsWrong(error.code, host, port);
  const message = `${variable}: ${description}`;
  return new Failure("invalid", "FIELD_INVALID", message, {
    cause: error,
    violations: [{ field: variable, description }],
  });
}

function whatIsWrong(code: string | undefined, host: string, port: number): string {
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} on ${host} is in use; stop what uses it, or choose another port`;
    case "EACCES":
      return `port ${port} may not be opened by this user; choose one above 1023`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is not an address of this machine`;
    default:
      return `port ${port} on ${host} can not be opened (${code ?? "no code"})`;
  }
}
