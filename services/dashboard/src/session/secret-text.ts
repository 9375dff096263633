import { hashSecret, toBase62 } from "@millrace/credential";

/** Gives that many unpredictable bytes: `randomBytes` of node:crypto. */
export type Random = (size: number) => Uint8Array;

/** A kind of text that its holder shows. */
export type SecretKind = {
  /** What it begins with. */
  readonly prefix: string;
  /** How long its secret is. */
  readonly secretBytes: number;
};

/** A text that its holder shows, and what is stored of it. */
export type SecretText = {
  /** Names the record. Not secret. */
  readonly id: string;
  /** `<prefix><id>_<secret>`, the last two in base 62. Shown once, never stored. */
  readonly text: string;
  /** The SHA-256 of the secret, 32 bytes. */
  readonly secretHash: Uint8Array;
};

const ID_BYTES = 6;
const ID_WIDTH = 9;
const REST = /^([0-9A-Za-z]{9})_([0-9A-Za-z]{1,64})$/;

/** Makes a text with a random secret. */
export function createSecretText({ prefix, secretBytes }: SecretKind, random: Random): SecretText {
  const id = toBase62(random(ID_BYTES), ID_WIDTH);
  const secret = toBase62(random(secretBytes), Math.ceil((secretBytes * 8) / Math.log2(62)));
  return { id, text: `${prefix}${id}_${secret}`, secretHash: hashSecret(secret) };
}

/** Takes a text apart; undefined when it is none of that kind. Says nothing yet of whether it is good. */
export function parseSecretText(
  { prefix }: SecretKind,
  text: string,
): { readonly id: string; readonly secret: string } | undefined {
  if (!text.startsWith(prefix)) return undefined;
  const [, id, secret] = REST.exec(text.slice(prefix.length)) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}
