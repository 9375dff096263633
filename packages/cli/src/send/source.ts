import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Failure } from "@millrace/failure";

/** A file, or standard input, as a stream of bytes. */
export type Source = {
  /** The bytes, decompressed. */
  readonly bytes: AsyncIterable<Buffer>;
  /** The size as stored; undefined for standard input and pipes. */
  readonly size: number | undefined;
  /** How many bytes were read so far, as stored. */
  readonly bytesRead: () => number;
  /** Ends the reading at once; `bytes` may then fail. */
  readonly close: () => void;
};

const CHUNK_BYTES = 256 * 1024;

/**
 * Opens a file, or standard input for "-". What begins with gzip's magic bytes is decompressed.
 *
 * @throws Failure `invalid` when it can not be read; `bytes` fails so too
 */
export async function openSource(path: string): Promise<Source> {
  const isInput = path === "-";
  const size = isInput ? undefined : await sizeOf(path);
  const stored: Readable = isInput ? process.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  let count = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of stored) {
      count += chunk.length;
      yield chunk;
    }
  }
  return { bytes: decompressed(counted(), path), size, bytesRead: () => count, close: () => void stored.destroy() };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    await (await open(path)).close();
    const found = await stat(path);
    if (found.isDirectory()) throw new Failure("invalid", "FIELD_INVALID", `${path} is a directory`);
    return found.isFile() ? found.size : undefined;
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === "ENOENT" ? "does not exist" : code === "EACCES" ? "may not be read" : `can not be read (${code})`;
    throw new Failure("invalid", "FIELD_INVALID", `${path} ${why}`, { cause });
  }
}

async function* decompressed(chunks: AsyncGenerator<Buffer>, path: string): AsyncGenerator<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 2) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* whole(): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head;
    yield* chunks;
  }
  if (!(head[0] === 0x1f && head[1] === 0x8b)) {
    yield* whole();
    return;
  }
  const stored = Readable.from(whole(), { objectMode: false, highWaterMark: CHUNK_BYTES });
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  stored.on("error", (error) => gunzip.destroy(error));
  try {
    for await (const chunk of stored.pipe(gunzip)) yield chunk;
  } catch (cause) {
    throw new Failure("invalid", "FIELD_INVALID", `${path} is damaged, or ends too early, as gzip`, { cause });
  } finally {
    stored.destroy();
  }
}
