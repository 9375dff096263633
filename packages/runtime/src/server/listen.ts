import type { AddressInfo, Server } from "node:net";
import { Failure } from "@millrace/failure";

/** Where to listen, and by which variables that was said. */
export type Address = {
  readonly host: string;
  readonly port: number;
  readonly variables: { readonly host: string; readonly port: string };
};

/**
 * Makes a server listen, and gives its port (that which the system chose, for port 0). Fails with `invalid`, naming the
 * port or the address and its variable, when the port is in use, or one of them not allowed.
 */
export function listen(server: Server, address: Address): Promise<number> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(explained(error, address));
    server.once("error", onError);
    server.listen({ host, port }, () => {
      server.off("error", onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function explained(cause: NodeJS.ErrnoException, { host, port, variables }: Address): Failure {
  const isHost = cause.code === "EADDRNOTAVAIL" || cause.code === "ENOTFOUND";
  const field = isHost ? variables.host : variables.port;
  const description = isHost ? `${host} is not an address of this machine` : whatIsWrong(cause.code, host, port);
  const violations = [{ field, description }];
  return new Failure("invalid", "FIELD_INVALID", `${field}: ${description}`, { cause, violations });
}

function whatIsWrong(code: string | undefined, host: string, port: number): string {
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} on ${host} is in use; stop what uses it, or choose another port`;
    case "EACCES":
      return `port ${port} may not be opened by this user; choose one above 1023`;
    default:
      return `port ${port} on ${host} can not be opened (${code ?? "no code"})`;
  }
}
