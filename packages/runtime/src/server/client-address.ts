import { isIP } from "node:net";
import type { AnyRequest } from "./one-port.ts";

const FORWARDED_MAX = 100;

/**
 * The address that a request comes from: that of the connection, or, behind proxies, what the outermost of them saw.
 * Each proxy appends to `X-Forwarded-For` whom it was called by, so only the last `trustedProxies` entries were written by
 * proxies of ours, and whatever stands before them is the caller's own claim.
 *
 * @param remoteAddress the connection's other end
 * @param trustedProxies how many proxies every request passes; 0: the header is not looked at
 * @returns an IPv4 or IPv6 address; "" when there is none, as for a call within the process
 */
export function clientAddress(
  remoteAddress: string | undefined,
  headers: AnyRequest["headers"],
  trustedProxies: number,
): string {
  const own = plain(remoteAddress ?? "");
  if (trustedProxies === 0) return own;
  const forwarded = headers["x-forwarded-for"];
  if (forwarded === undefined || forwarded.length === 0) return own;
  const entries = (typeof forwarded === "string" ? forwarded : forwarded.join(",")).split(",").slice(-FORWARDED_MAX);
  // Fewer than there should be: a proxy was passed by, and the first entry is the farthest that is known.
  const address = plain(entries[Math.max(0, entries.length - trustedProxies)]!.trim());
  return isIP(address) === 0 ? own : address;
}

/** The address of the connection's other end; undefined when it is gone. */
export function remoteAddressOf(request: AnyRequest): string | undefined {
  try {
    return request.socket.remoteAddress;
  } catch {
    // A socket of HTTP/2 throws once its session has ended.
    return undefined;
  }
}

/** Without the port that some proxies write, brackets, a zone, or the IPv6 form of an IPv4 address. */
function plain(address: string): string {
  const [, v4] = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/i.exec(address) ?? [];
  if (v4 !== undefined) return v4;
  const [, v6] = /^\[([^\]]*)\](?::\d+)?$/.exec(address) ?? [];
  return (v6 ?? address).replace(/%.*$/, "").toLowerCase();
}
