import { Failure } from "@millrace/failure";
import type { BlockKey } from "./cell-store.ts";

/** The changed cells of a stored block, as they are published to those who watch a project. */
export type LiveMessage = {
  readonly key: BlockKey;
  /** The offset of the block that the cells can be laid over. */
  readonly previousOff: number;
  /** The offset and write time of the block once they are. */
  readonly off: number;
  readonly wts: number;
  /** The cells, in the format of a partial block. */
  readonly cells: Uint8Array;
};

/** The channel that a project's changed cells are published on. */
export function liveChannel(projectId: string): string {
  return `live:${projectId}`;
}

/** The cache's key of the mark that says that a project is being watched. Watchers renew it; it expires by itself. */
export function watchedKey(projectId: string): string {
  return `watched:${projectId}`;
}

/** A message as bytes: a line of JSON (all but the cells), a line break, and the cells. */
export function encodeLiveMessage({ cells, ...about }: LiveMessage): Uint8Array {
  return Buffer.concat([Buffer.from(`${JSON.stringify(about)}\n`), cells]);
}

/** Reads what {@link encodeLiveMessage} made. Throws a Failure `corrupt` on anything else. */
export function decodeLiveMessage(bytes: Uint8Array): LiveMessage {
  const lineEnd = bytes.indexOf(10);
  try {
    const about = JSON.parse(Buffer.from(bytes.subarray(0, lineEnd)).toString("utf8"));
    return { ...about, cells: bytes.subarray(lineEnd + 1) };
  } catch (cause) {
    throw new Failure("corrupt", "DATA_CORRUPT", "a message of changed cells is damaged", { cause });
  }
}
