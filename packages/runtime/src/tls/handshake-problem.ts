/** What Node and OpenSSL call what can be wrong between two that begin to speak TLS, and what that is for people. */
const PROBLEMS: readonly (readonly [code: RegExp, problem: string])[] = [
  [/ALTNAME_INVALID/, "its certificate is for another name"],
  [/CERT_HAS_EXPIRED/, "its certificate has expired"],
  [/CERT_NOT_YET_VALID/, "its certificate is not valid yet"],
  [
    /SELF_SIGNED|UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY|CERT_UNTRUSTED|INVALID_CA/,
    "its certificate is of nobody who is trusted here",
  ],
  [/ALERT_CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE/, "it wants a certificate that was not shown"],
  [
    /ALERT_UNKNOWN_CA|ALERT_BAD_CERTIFICATE|ALERT_CERTIFICATE_EXPIRED|ALERT_CERTIFICATE_UNKNOWN/,
    "it refuses the certificate that was shown",
  ],
  [/PEER_DID_NOT_RETURN_A_CERTIFICATE/, "no certificate was shown"],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/, "no TLS is spoken"],
  [/UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION/, "there is no version of TLS that both speak"],
  [/NO_APPLICATION_PROTOCOL/, "HTTP/2 is not spoken"],
];

const CAUSES_MAX = 5;

/** What was wrong with TLS, for people, if it was that which an error came of. */
export function handshakeProblemOf(error: unknown): string | undefined {
  let each = error;
  for (let depth = 0; depth < CAUSES_MAX && each instanceof Error; depth++, each = each.cause) {
    const problem = problemOfCode((each as NodeJS.ErrnoException).code);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** As `handshakeProblemOf`, of a code such as "CERT_HAS_EXPIRED". */
export function problemOfCode(code: unknown): string | undefined {
  return typeof code === "string" ? PROBLEMS.find(([pattern]) => pattern.test(code))?.[1] : undefined;
}
