/**
 * The page may load and call its own origin and nothing else, runs no script and no style that is not one of its files,
 * is in nobody's frame, and no text becomes markup. uPlot and React set styles by CSSOM, which a policy for styles allows.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "x-content-type-options": "nosniff",
  // A link's token stands behind "#", which is in no Referer; what is looked at stands in the query.
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
} as const;

const STRICT_TRANSPORT = { "strict-transport-security": "max-age=31536000" } as const;

/** The headers of everything that the page consists of. */
export function securityHeaders(isHttps: boolean): Readonly<Record<string, string>> {
  return isHttps ? { ...HEADERS, ...STRICT_TRANSPORT } : HEADERS;
}
