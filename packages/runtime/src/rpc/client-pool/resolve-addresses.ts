import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

/** One address of a URL's host. */
export type Target = {
  /** The URL's scheme, name and port, such as "http://config:8080". */
  readonly origin: string;
  readonly address: string;
  readonly family: number;
};

/** Finds all addresses of a name. */
export type Resolve = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/** All addresses of a name, as the system knows them: files and DNS. */
export const resolveByDns: Resolve = (host) => lookup(host, { all: true });

/** Names a target among others. */
export function targetName({ origin, address }: Target): string {
  return `${origin} ${address}`;
}

/** The targets of a URL. An address stands for itself. Fails as `resolve` does. */
export async function targetsOf(url: string, resolve: Resolve): Promise<readonly Target[]> {
  const { origin, hostname } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const family = isIP(host);
  const found = family === 0 ? await resolve(host) : [{ address: host, family }];
  return found.map((each) => ({ origin, ...each }));
}
