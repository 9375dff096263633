import { createHash, randomBytes } from "node:crypto";
import { Failure } from "@millrace/failure";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createApiKey, hashSecret, maskApiKey, parseApiKey, secretMatches } from "./api-key.ts";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Random bytes that fast-check can repeat and shrink. */
const source = fc
  .tuple(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.uint8Array({ minLength: 32, maxLength: 32 }))
  .map(
    ([id, secret]) =>
      (size: number) =>
        size === 8 ? id : secret,
  );

function failureOf(text: string): Failure {
  try {
    parseApiKey(text);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("an API key", () => {
  it("is read back as it was made, whatever the random bytes", () => {
    fc.assert(
      fc.property(source, (random) => {
        const key = createApiKey(random);
        const { keyId, secret } = parseApiKey(key.text);
        expect(keyId).toBe(key.keyId);
        expect(key.text).toMatch(/^mlr_live_[0-9A-Za-z]{11}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
        expect(secretMatches(secret, key.secretHash)).toBe(true);
        const number = [...secret].reduce((sum, digit) => sum * 62n + BigInt(DIGITS.indexOf(digit)), 0n);
        expect(number).toBe(BigInt(`0x${Buffer.from(random(32)).toString("hex")}`));
      }),
    );
  });

  it("is refused when any one character was changed", () => {
    fc.assert(
      fc.property(source, fc.nat(), fc.constantFrom(...DIGITS, "_", "-", "é"), (random, at, character) => {
        const { text } = createApiKey(random);
        const i = at % text.length;
        fc.pre(text[i] !== character);
        const failure = failureOf(text.slice(0, i) + character + text.slice(i + 1));
        expect([failure.kind, failure.reason]).toEqual(["unauthenticated", "CREDENTIAL_MALFORMED"]);
      }),
    );
  });

  it("is refused when its end is missing", () => {
    const { text } = createApiKey(randomBytes);
    for (let length = 0; length < text.length; length++) failureOf(text.slice(0, length));
  });

  it("is refused without a word of its secret in the message", () => {
    fc.assert(
      fc.property(source, fc.constantFrom("x", "_", "-"), (random, junk) => {
        const { text } = createApiKey(random);
        const secret = text.split("_")[3]!;
        for (const wrong of [text + junk, junk + text, text.replace(secret, secret + junk)]) {
          const { message } = failureOf(wrong);
          for (let i = 0; i + 8 <= secret.length; i++) expect(message).not.toContain(secret.slice(i, i + 8));
        }
      }),
    );
  });

  it.each([
    ["", "does not begin"],
    ["mlr_test_a_b_c", "does not begin"],
    ["mlr_live_abc", "1 parts"],
    [`mlr_live__${"a".repeat(43)}_aaaaaa`, "key id"],
    ["mlr_live_abc_def_aaaaaa", "3 characters instead of 43"],
    [`mlr_live_abc_${"-".repeat(43)}_aaaaaa`, "neither letters nor digits"],
    [`mlr_live_abc_${"a".repeat(43)}_aaaaaa`, "checksum"],
    [`mlr_live_${"a".repeat(200)}`, "more than 128"],
  ])("%j is refused, saying what is wrong: %s", (text, what) => {
    expect(failureOf(text).message).toContain(what);
  });

  it("is stored as the SHA-256 of its secret", () => {
    const { text, secretHash } = createApiKey(randomBytes);
    const { secret } = parseApiKey(text);
    expect(Buffer.from(secretHash)).toEqual(createHash("sha256").update(secret).digest());
    expect(hashSecret(secret)).toEqual(secretHash);
  });

  it("does not match another secret, or a damaged hash", () => {
    const { secretHash } = createApiKey(randomBytes);
    const other = parseApiKey(createApiKey(randomBytes).text).secret;
    expect(secretMatches(other, secretHash)).toBe(false);
    expect(secretMatches(other, new Uint8Array(0))).toBe(false);
  });

  it("shows its id and nothing of its secret in logs", () => {
    const { text, keyId } = createApiKey(randomBytes);
    expect(maskApiKey(text)).toBe(`mlr_live_${keyId}_***`);
    expect(maskApiKey("hunter2")).toBe("(not an API key)");
  });
});
