import { createHash, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { Failure } from "@millrace/failure";
import { toBase62 } from "./base62.ts";

/**
 * What every key begins with. Secret scanners know keys by it and by the checksum at the end. "live" leaves room for
 * another kind of key; today there is one.
 */
const PREFIX = "mlr_live_";
/** 64 random bits: config refuses an id that is taken, so they need not be beyond all collision. */
const KEY_ID_BYTES = 8;
const KEY_ID_WIDTH = 11;
const SECRET_BYTES = 32;
const SECRET_WIDTH = 43;
const CHECKSUM_WIDTH = 6;
const TEXT_LENGTH_MAX = 128;

/** A new key. */
export type NewApiKey = {
  /** Names the key; not secret. 11 of 0-9, A-Z, a-z. */
  readonly keyId: string;
  /** What its owner sends: `mlr_live_<keyId>_<secret>_<checksum>`. Shown once, never stored. */
  readonly text: string;
  /** The SHA-256 of the secret, 32 bytes: all that is stored. */
  readonly secretHash: Uint8Array;
};

/** A key as its owner sent it; nothing says yet that it is good. */
export type ParsedApiKey = {
  readonly keyId: string;
  /** 43 base 62 digits. Never logged, never part of a message. */
  readonly secret: string;
};

/**
 * Makes a key.
 *
 * @param random gives that many unpredictable bytes: `randomBytes` of node:crypto
 */
export function createApiKey(random: (size: number) => Uint8Array): NewApiKey {
  const keyId = toBase62(random(KEY_ID_BYTES), KEY_ID_WIDTH);
  const secret = toBase62(random(SECRET_BYTES), SECRET_WIDTH);
  const body = `${PREFIX}${keyId}_${secret}`;
  return { keyId, text: `${body}_${checksum(body)}`, secretHash: hashSecret(secret) };
}

/**
 * Reads a key's text. The checksum tells a mistyped or cut key from an unknown one without asking anybody.
 *
 * @throws Failure `unauthenticated` CREDENTIAL_MALFORMED, which says what part is wrong and never shows any of it
 */
export function parseApiKey(text: string): ParsedApiKey {
  if (text.length > TEXT_LENGTH_MAX) throw malformed(`it has more than ${TEXT_LENGTH_MAX} characters`);
  if (!text.startsWith(PREFIX)) throw malformed(`it does not begin with "${PREFIX}"`);
  const parts = text.slice(PREFIX.length).split("_");
  if (parts.length !== 3) throw malformed(`it has ${parts.length} parts after "${PREFIX}" where there must be 3`);
  const [keyId, secret, sum] = parts as [string, string, string];
  if (!/^[0-9A-Za-z]{1,32}$/.test(keyId)) throw malformed("its key id is not 1 to 32 letters and digits");
  if (secret.length !== SECRET_WIDTH) {
    throw malformed(`its secret has ${secret.length} characters instead of ${SECRET_WIDTH}`);
  }
  if (!/^[0-9A-Za-z]*$/.test(secret)) throw malformed("its secret has characters that are neither letters nor digits");
  if (sum !== checksum(`${PREFIX}${keyId}_${secret}`)) {
    throw malformed("its checksum is wrong, so a character was changed or left out");
  }
  return { keyId, secret };
}

/** The SHA-256 of a secret, 32 bytes. A fast hash is right here: nobody can guess 256 random bits. */
export function hashSecret(secret: string): Uint8Array {
  return createHash("sha256").update(secret, "latin1").digest();
}

/** Whether a secret is the one that was hashed, in a time that says nothing about either. */
export function secretMatches(secret: string, secretHash: Uint8Array): boolean {
  const digest = hashSecret(secret);
  return digest.length === secretHash.length && timingSafeEqual(digest, secretHash);
}

/** A form of a key's text fit for logs: which key it is, if that can be told, and nothing of its secret. */
export function maskApiKey(text: string): string {
  const keyId = /^mlr_live_([0-9A-Za-z]{1,32})_/.exec(text)?.[1];
  return keyId === undefined ? "(not an API key)" : `${PREFIX}${keyId}_***`;
}

function checksum(body: string): string {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, crc32(body));
  return toBase62(bytes, CHECKSUM_WIDTH);
}

function malformed(what: string): Failure {
  return new Failure("unauthenticated", "CREDENTIAL_MALFORMED", `the API key is malformed: ${what}`);
}
