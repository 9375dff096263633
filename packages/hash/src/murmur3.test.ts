import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashWords, murmur3, murmur3Text } from "./murmur3.ts";

function hex(): string {
  return [...hashWords].map((word) => word.toString(16).padStart(8, "0")).join("");
}

function hashOf(bytes: Uint8Array, seed = 0): string {
  murmur3(bytes, 0, bytes.length, seed);
  return hex();
}

describe("murmur3", () => {
  it("gives the verification value that its author publishes for MurmurHash3_x86_128", () => {
    // As in SMHasher's VerificationTest: the keys {}, {0}, {0, 1} ... with seeds 256 down, then the hash of all hashes.
    const hashes = new DataView(new ArrayBuffer(256 * 16));
    const key = Uint8Array.from({ length: 256 }, (_, i) => i);
    for (let length = 0; length < 256; length++) {
      murmur3(key, 0, length, 256 - length);
      hashWords.forEach((word, i) => {
        hashes.setUint32(length * 16 + i * 4, word, true);
      });
    }
    murmur3(new Uint8Array(hashes.buffer), 0, hashes.byteLength, 0);
    expect(hashWords[0]!.toString(16)).toBe("b3ece62a");
  });

  it.each([
    { text: "", hash: "00000000000000000000000000000000" },
    { text: "The quick brown fox jumps over the lazy dog", hash: "2f1583c3ecee2c675d7bf66ce5e91d2c" },
    { text: "I will not buy this record, it is scratched.", hash: "a0a9683b25ac5e40d9af2895890dddf5" },
    { text: "I will not buy this tobacconist's, it is scratched.", hash: "9b5b7ba2ef3f7866889adeaf00f3f98e" },
  ])("gives the known hash of '$text'", ({ text, hash }) => {
    murmur3Text(text, 0);
    expect(hex()).toBe(hash);
  });

  it("hashes a text as the bytes of its UTF-8, short or long", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.string({ unit: "binary", minLength: 1, maxLength: 30 }).map((text) => text.repeat(200)),
    );
    fc.assert(
      fc.property(texts, fc.nat(0xffffffff), (text, seed) => {
        murmur3Text(text, seed);
        expect(hex()).toBe(hashOf(new TextEncoder().encode(text), seed));
      }),
      { numRuns: 60 },
    );
  });

  it("takes text that UTF-8 cannot carry for the text it would be read as", () => {
    murmur3Text("a\ud800b", 0);
    const lone = hex();
    murmur3Text("a\ufffdb", 0);
    expect(hex()).toBe(lone);
  });

  it("hashes bytes alike wherever they lie in a buffer, and reads no others", () => {
    const places = fc.nat(40);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), places, places, fc.nat(255), (bytes, before, after, filler) => {
        const buffer = new Uint8Array(before + bytes.length + after).fill(filler);
        buffer.set(bytes, before);
        murmur3(buffer, before, before + bytes.length, 7);
        const inPlace = hex();
        expect(hashOf(bytes, 7)).toBe(inPlace);
        expect(hashOf(Buffer.concat([bytes]), 7)).toBe(inPlace);
        expect(hashOf(buffer.subarray(before, before + bytes.length), 7)).toBe(inPlace);
      }),
    );
  });

  it("depends on the seed and on every byte", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 70 }), fc.nat(), fc.nat(7), (bytes, at, bit) => {
        const hash = hashOf(bytes);
        expect(hashOf(bytes, 1)).not.toBe(hash);
        bytes[at % bytes.length]! ^= 1 << bit;
        expect(hashOf(bytes)).not.toBe(hash);
      }),
    );
  });
});
