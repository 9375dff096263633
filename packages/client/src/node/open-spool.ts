import { Failure } from "@millrace/failure";
import type { BufferDeps, EventBuffer } from "../buffer/event-buffer.ts";
import { type Fsync, SpooledBuffer } from "../spool/spooled-buffer.ts";

/** A spool on disk: events outlive the process, and are sent by the next one on the same directory. */
export type SpoolOptions = {
  /** Where the files are; made when it is missing. Processes may share it: each writes into a folder of its own. */
  readonly directory: string;
  /** Bytes of files at most, at least 65,536. Absent: 268,435,456 (256 MiB). */
  readonly maxBytes?: number;
  /**
   * When events are brought to the disk itself. `never` (absent): they outlive the process at once, the machine's power
   * when the system writes them, within some 30 s. `interval`: every 100 ms. `always`: before `track` returns, which then
   * takes as long as the disk does.
   */
  readonly fsync?: Fsync;
};

const MAX_BYTES = 256 * 1024 * 1024;
const BYTES_MIN = 64 * 1024;

/**
 * Opens a spool.
 *
 * @throws Failure `invalid` for options that can't be meant, `precondition` when the directory can't be used
 */
export function openSpool(options: SpoolOptions, deps: BufferDeps): EventBuffer {
  const { directory, maxBytes = MAX_BYTES, fsync = "never" } = options;
  if (!(maxBytes >= BYTES_MIN)) throw Failure.invalidField("spool.maxBytes", `must be at least ${BYTES_MIN}`);
  // What is on disk alone can give way to newer events; so not everything is to be in memory.
  const limits = { ...deps.limits, bytes: Math.min(deps.limits.bytes, maxBytes / 2) };
  try {
    return new SpooledBuffer({ ...deps, limits, settings: { directory, maxBytes, fsync } });
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : "";
    throw new Failure("precondition", "BACKEND_UNAVAILABLE", `The spool can't be opened: ${problem}`, { cause });
  }
}
