import { inflateRawSync } from "node:zlib";

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const END_BYTES_MIN = 22;
const STORED = 0;
const DEFLATED = 8;

/**
 * The files of a zip archive whose names `isWanted` takes, by name. Archives of more than 4 GiB, encrypted ones, and
 * methods other than "stored" and "deflated" are refused. Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7-4.3.16.
 */
export function unzip(archive: Buffer, isWanted: (name: string) => boolean): Map<string, Buffer> {
  const end = findEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  const files = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    if (archive.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Error("the directory of the zip archive is broken");
    const nameBytes = archive.readUInt16LE(at + 28);
    const name = archive.toString("utf8", at + 46, at + 46 + nameBytes);
    if (!name.endsWith("/") && isWanted(name)) files.set(name, readEntry(archive, at, name));
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return files;
}

/** The last record of an archive, which a comment of up to 64 KiB may follow. */
function findEnd(archive: Buffer): number {
  for (let at = archive.length - END_BYTES_MIN; at >= 0; at--) {
    if (archive.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  }
  throw new Error("this is no zip archive");
}

function readEntry(archive: Buffer, entry: number, name: string): Buffer {
  const method = archive.readUInt16LE(entry + 10);
  const packedBytes = archive.readUInt32LE(entry + 20);
  const bytes = archive.readUInt32LE(entry + 24);
  const local = archive.readUInt32LE(entry + 42);
  // The local header has lengths of its own, which may differ from the directory's.
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const packed = archive.subarray(start, start + packedBytes);
  if (method === STORED) return packed;
  if (method !== DEFLATED) throw new Error(`${name} is packed by method ${method}`);
  const unpacked = inflateRawSync(packed, { maxOutputLength: bytes || 1 });
  if (unpacked.length !== bytes) throw new Error(`${name} has ${unpacked.length} bytes instead of ${bytes}`);
  return unpacked;
}
