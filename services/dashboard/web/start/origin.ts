/**
 * The origin of whatever a person writes for a site: "example.org" is https://example.org, "*.example.org" all its
 * subdomains. Undefined for what is no address of a site.
 */
export function originOf(text: string): string | undefined {
  const trimmed = text.trim();
  const isLocal = /^(localhost|127\.0\.0\.1)(:\d+)?(\/|$)/.test(trimmed);
  const address = trimmed.includes("://") ? trimmed : `${isLocal ? "http" : "https"}://${trimmed}`;
  const plain = address.replace("://*.", "://");
  if (!URL.canParse(plain)) return undefined;
  const { protocol, host, hostname } = new URL(plain);
  const isSite = hostname.includes(".") || hostname === "localhost";
  if (!["http:", "https:"].includes(protocol) || !isSite) return undefined;
  return `${protocol}//${plain === address ? "" : "*."}${host}`;
}
