import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { Failure } from "@millrace/failure";
import { TLS_VARIABLES, type TlsSettings } from "../env/tls-variables.ts";

/** What a process shows of itself, and whom it believes, as its files say it at one time. */
export type TlsMaterial = {
  /** Its own certificate; undefined where it has none. */
  readonly identity: TlsIdentity | undefined;
  /** Who vouches for services; undefined: the system's authorities. */
  readonly authorities: TlsAuthorities | undefined;
};

/** A certificate and its key, both in PEM. */
export type TlsIdentity = {
  readonly certificate: string;
  readonly key: string;
  /** Of the certificate itself. Milliseconds since 1970. */
  readonly validFromMs: number;
  /** When the first certificate of the chain expires. Milliseconds since 1970. */
  readonly expireTimeMs: number;
};

/** Authorities, in PEM. */
export type TlsAuthorities = {
  readonly certificates: string;
  /** When the last of them expires. Milliseconds since 1970. */
  readonly expireTimeMs: number;
};

const CERTIFICATE = TLS_VARIABLES.tlsCertificateFile.name;
const KEY = TLS_VARIABLES.tlsKeyFile.name;
const AUTHORITIES = TLS_VARIABLES.tlsCaFile.name;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The texts of a process's files; undefined where none is named. */
export type TlsTexts = {
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly authorities: string | undefined;
};

/** Reads the files. Fails with `invalid` where one can not be read, or they are named in a way that makes no sense. */
export async function readTlsTexts(settings: TlsSettings): Promise<TlsTexts> {
  const { tlsCertificateFile, tlsKeyFile, tlsCaFile, tlsClients } = settings;
  if ((tlsCertificateFile === undefined) !== (tlsKeyFile === undefined)) {
    throw Failure.invalidField(CERTIFICATE, `and ${KEY} must be given together`);
  }
  if (tlsClients === "verified" && (tlsCertificateFile === undefined || tlsCaFile === undefined)) {
    throw Failure.invalidField(
      TLS_VARIABLES.tlsClients.name,
      `"verified" needs ${CERTIFICATE}, ${KEY} and ${AUTHORITIES}`,
    );
  }
  // One after the other: of several that can not be read, the same is named each time.
  return {
    certificate: await read(CERTIFICATE, tlsCertificateFile),
    key: await read(KEY, tlsKeyFile),
    authorities: await read(AUTHORITIES, tlsCaFile),
  };
}

/**
 * What the files hold, once it is known to be of use.
 *
 * @param nowMs milliseconds since 1970
 * @throws Failure `invalid`, which names the variable: no PEM, a key of another certificate, expired, not valid yet
 */
export function tlsMaterialOf({ certificate, key, authorities }: TlsTexts, nowMs: number): TlsMaterial {
  const material = {
    identity: certificate === undefined || key === undefined ? undefined : identityOf(certificate, key, nowMs),
    authorities: authorities === undefined ? undefined : authoritiesOf(authorities, nowMs),
  };
  try {
    createSecureContext(contextOptionsOf(material));
  } catch (cause) {
    const description = "its certificate and key can not be used for TLS: too short a key, or too weak a signature";
    const violations = [{ field: CERTIFICATE, description }];
    throw new Failure("invalid", "FIELD_INVALID", `${CERTIFICATE}: ${description}`, { cause, violations });
  }
  return material;
}

/** As the options of TLS are called in Node. */
export function contextOptionsOf({ identity, authorities }: TlsMaterial) {
  return {
    ...(identity && { cert: identity.certificate, key: identity.key }),
    ...(authorities && { ca: authorities.certificates }),
    minVersion: "TLSv1.2" as const,
  };
}

function identityOf(text: string, keyText: string, nowMs: number): TlsIdentity {
  const chain = certificatesOf(CERTIFICATE, text);
  const [own] = chain;
  if (!own!.checkPrivateKey(keyOf(keyText))) {
    throw Failure.invalidField(KEY, `is not the key of the certificate that ${CERTIFICATE} names`);
  }
  const [validFromMs, expireTimeMs] = [Math.max(...chain.map(fromOf)), Math.min(...chain.map(toOf))];
  if (nowMs >= expireTimeMs) {
    throw Failure.invalidField(CERTIFICATE, `expired at ${timeText(expireTimeMs)}; renew it`);
  }
  if (nowMs < validFromMs) {
    throw Failure.invalidField(CERTIFICATE, `is valid from ${timeText(validFromMs)} only; is the clock right?`);
  }
  return { certificate: text, key: keyText, validFromMs, expireTimeMs };
}

function authoritiesOf(text: string, nowMs: number): TlsAuthorities {
  const expireTimeMs = Math.max(...certificatesOf(AUTHORITIES, text).map(toOf));
  if (nowMs >= expireTimeMs) throw Failure.invalidField(AUTHORITIES, `expired at ${timeText(expireTimeMs)}; renew it`);
  return { certificates: text, expireTimeMs };
}

function certificatesOf(variable: string, text: string): X509Certificate[] {
  const blocks = text.match(PEM_CERTIFICATE) ?? [];
  if (blocks.length === 0) throw Failure.invalidField(variable, "names a file that holds no certificate in PEM");
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    throw Failure.invalidField(variable, "names a file that holds a certificate which can not be read");
  }
}

function keyOf(text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    throw Failure.invalidField(KEY, "names a file that holds no private key in PEM, or one with a passphrase");
  }
}

async function read(variable: string, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, "utf8");
  } catch {
    throw Failure.invalidField(variable, `names ${JSON.stringify(file)}, which can not be read`);
  }
}

function fromOf({ validFromDate }: X509Certificate): number {
  return validFromDate.getTime();
}

function toOf({ validToDate }: X509Certificate): number {
  return validToDate.getTime();
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
