import { Failure } from "@millrace/failure";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";

function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(16);
  write(writer);
  return writer.toBytes();
}

const wellFormed = fc.string({ unit: "binary", maxLength: 100 }).map((text) => text.toWellFormed());

describe("bytes", () => {
  it("are read back as they were written, to the last one", () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.bigInt({ min: -(2n ** 139n), max: 2n ** 139n - 1n }),
        wellFormed,
        fc.nat(0xffffffff),
        fc.maxSafeInteger(),
        (varint, big, text, fixed, signed) => {
          const bytes = written((writer) => {
            writer.varint(varint);
            writer.signed(big);
            writer.text(text);
            writer.fixed32(fixed);
            writer.signed(signed);
          });
          const reader = new ByteReader(bytes);
          expect(reader.varint()).toBe(varint);
          expect(BigInt(reader.signed(20))).toBe(big);
          expect(reader.text()).toBe(text);
          expect(reader.fixed32()).toBe(fixed);
          expect(reader.signed(8)).toBe(signed);
          reader.end();
        },
      ),
    );
  });

  it("hold integers at every boundary of a varint's length", () => {
    const edges = Array.from({ length: 53 }, (_, bit) => 2 ** bit).flatMap((edge) => [edge - 1, edge]);
    for (const value of [...edges, Number.MAX_SAFE_INTEGER]) {
      const varint = written((writer) => writer.varint(value));
      expect(varint.length).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)));
      expect(new ByteReader(varint).varint()).toBe(value);
      for (const signed of [value, value === 0 ? 0 : -value]) {
        const bytes = written((writer) => writer.signed(signed));
        expect(bytes).toEqual(written((writer) => writer.signed(BigInt(signed))));
        expect(new ByteReader(bytes).signed(9)).toBe(signed);
      }
    }
  });

  it("that no writer writes are corrupt, or are written again as they are", () => {
    const forms: [(reader: ByteReader) => unknown, (writer: ByteWriter, value: never) => void][] = [
      [(reader) => reader.varint(), (writer, value) => writer.varint(value)],
      [(reader) => reader.signed(20), (writer, value) => writer.signed(value)],
      [(reader) => reader.bigVarint(20), (writer, value) => writer.bigVarint(value)],
      [(reader) => reader.text(), (writer, value) => writer.text(value)],
    ];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), fc.constantFrom(...forms), (bytes, [read, write]) => {
        const reader = new ByteReader(bytes);
        let value: unknown;
        try {
          value = read(reader);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
          expect((error as Failure).kind).toBe("corrupt");
          return;
        }
        expect(written((writer) => write(writer, value as never))).toEqual(bytes.slice(0, reader.position));
      }),
      { numRuns: 2000 },
    );
  });

  it("never lead a reader beyond its part of a buffer", () => {
    const reader = new ByteReader(Uint8Array.of(1, 0x81, 5, 5, 5), 1, 2);
    expect(() => reader.varint()).toThrow("ends too early");
    expect(() => reader.raw(2)).toThrow("ends too early");
    expect(() => reader.seek(3, 6)).toThrow("beyond the end");
    expect(() => reader.end()).toThrow("more than there should be");
  });
});
