import { isIPv6 } from "node:net";

const GROUPS = 8;
/** Of 16 bits each: a /64, the least that anybody is given, who may then call from any address of it (RFC 6177). */
const NETWORK_GROUPS = 4;

/** The network that an address is counted by: an IPv4 address by itself, an IPv6 address by its first 64 bits. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.replace(/\d+(\.\d+){3}$/, "0:0").split("::");
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const missing = tail === undefined ? 0 : GROUPS - before.length - after.length;
  const groups = [...before, ...new Array<string>(missing).fill("0"), ...after];
  return `${groups.slice(0, NETWORK_GROUPS).join(":")}::/64`;
}

function groupsOf(text: string): string[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16).toString(16));
}
