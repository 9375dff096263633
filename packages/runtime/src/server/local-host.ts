import { isIP } from "node:net";
import type { AnyRequest } from "./one-port.ts";

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/i;

/**
 * Whether a request that came over loopback names a host that is none of this machine's own. A web page whose name its
 * owner lets stand for 127.0.0.1 (DNS rebinding) would otherwise read what only this machine may. No such name is an
 * address, and none ends with "localhost".
 */
export function isForeignHost(request: AnyRequest): boolean {
  if (!LOOPBACK.test(request.socket.localAddress ?? "")) return false;
  const { host = "" } = request.headers;
  // Every browser names one.
  if (host === "") return false;
  const name = host.replace(/:\d*$/, "").toLowerCase();
  return isIP(name.replace(/^\[(.*)\]$/, "$1")) === 0 && !/^(?:.*\.)?localhost\.?$/.test(name);
}
