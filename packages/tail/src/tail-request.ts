import { Failure } from "@millrace/failure";

/** Processing is asked on this channel, for all projects. */
export const TAIL_REQUESTS_CHANNEL = "tails";

/** For how long a request holds, in milliseconds; who goes on tailing asks again before that. */
export const TAIL_REQUEST_LASTS_MS = 5_000;

/** How many of the events that were processed just before can be asked for. */
export const RECENT_MAX = 50;

/** Asks every processor to tell the events of a project from now on. */
export type TailRequest = {
  readonly projectId: string;
  /** Asks as well for events that were processed just before. */
  readonly recent?: {
    /** The answer's {@link TailMessage.request}. */
    readonly request: string;
    /** At most how many, 1 to {@link RECENT_MAX}. */
    readonly count: number;
  };
};

/** A request as bytes: JSON. */
export function encodeTailRequest(request: TailRequest): Uint8Array {
  return Buffer.from(JSON.stringify(request));
}

/** Reads what {@link encodeTailRequest} made. Throws a Failure `corrupt` on anything else. */
export function decodeTailRequest(bytes: Uint8Array): TailRequest {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (cause) {
    throw new Failure("corrupt", "DATA_CORRUPT", "a request to tell events is damaged", { cause });
  }
}
