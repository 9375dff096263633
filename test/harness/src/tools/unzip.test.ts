import { crc32, deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { unzip } from "./unzip.ts";

type Entry = { readonly name: string; readonly content: string; readonly method?: number; readonly claimed?: number };

/** A zip archive, by APPNOTE.TXT; local headers have an extra field that the directory has not. */
function zip(entries: readonly Entry[], comment = ""): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, method = 8, claimed } of entries) {
    const packed = method === 8 ? deflateRawSync(content) : Buffer.from(content);
    const facts = Buffer.alloc(20);
    facts.writeUInt16LE(method, 0);
    facts.writeUInt32LE(crc32(content), 6);
    facts.writeUInt32LE(packed.length, 10);
    facts.writeUInt32LE(claimed ?? Buffer.byteLength(content), 14);
    facts.writeUInt16LE(Buffer.byteLength(name), 18);
    const local = Buffer.concat([
      Buffer.from([0x50, 0x4b, 3, 4, 20, 0, 0, 0]),
      facts,
      Buffer.from([4, 0]),
      Buffer.from(name),
      Buffer.from([9, 9, 0, 0]),
      packed,
    ]);
    const place = Buffer.alloc(16);
    place.writeUInt32LE(offset, 12);
    directory.push(
      Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 0, 20, 0, 0, 0]), facts, place, Buffer.from(name)]),
    );
    locals.push(local);
    offset += local.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...locals, ...directory, end, Buffer.from(comment)]);
}

const all = () => true;

describe("an archive", () => {
  it("gives the files that are wanted, packed or not, and no folders", () => {
    const archive = zip([
      { name: "a/", content: "", method: 0 },
      { name: "a/packed.txt", content: "text ".repeat(1_000) },
      { name: "a/stored.txt", content: "text", method: 0 },
      { name: "b.txt", content: "" },
    ]);
    const files = unzip(archive, (name) => name.startsWith("a/"));
    expect([...files].map(([name, content]) => [name, content.toString()])).toEqual([
      ["a/packed.txt", "text ".repeat(1_000)],
      ["a/stored.txt", "text"],
    ]);
    expect(unzip(archive, (name) => name === "b.txt").get("b.txt")?.length).toBe(0);
  });

  it("may end with a comment", () => {
    expect(
      unzip(zip([{ name: "a", content: "b" }], "a comment"), all)
        .get("a")
        ?.toString(),
    ).toBe("b");
  });

  it.each([
    ["is none", Buffer.from("no archive at all, however long it is"), "no zip archive"],
    ["has a file longer than it says", zip([{ name: "a", content: "bb", claimed: 1 }]), ""],
    ["has a file shorter than it says", zip([{ name: "a", content: "b", claimed: 2 }]), "1 bytes instead of 2"],
    ["is packed in another way", zip([{ name: "a", content: "b", method: 12 }]), "method 12"],
  ])("that %s is refused", (_, archive, said) => {
    expect(() => unzip(archive, all)).toThrow(said);
  });
});
