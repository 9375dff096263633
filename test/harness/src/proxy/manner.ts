/** What is done to the bytes of one direction. What is absent passes as it came. */
export type Manner = {
  /**
   * `pass`: they go on. `hold`: none goes on, nor the end of the connection, until another manner comes: a line that is
   * cut, and mended. `swallow`: they are taken and never go on, as an answer that is lost after its request was
   * applied; since the rest of such a stream would mean nothing, the connection is reset when another manner comes.
   */
  readonly flow?: "pass" | "hold" | "swallow";
  /** How long each chunk is under way, in milliseconds. */
  readonly latencyMs?: number;
  /** Up to so much longer, in milliseconds (exclusive); the order stays. */
  readonly jitterMs?: number;
  /** So many bytes a second at most. */
  readonly bytesPerSecond?: number;
  /** The connection is reset once so many bytes have gone on, counted for each connection since this manner came. */
  readonly resetAfterBytes?: number;
};

/** Which way bytes go. */
export type Direction = "toServer" | "toClient";

/** What is done to a connection, by direction; and to those who want a new one. */
export type Manners = {
  readonly toServer?: Manner;
  readonly toClient?: Manner;
  /** True: nobody listens, so that new connections are refused; those that are there stay. */
  readonly refuses?: boolean;
};

/** A black hole both ways: nothing arrives, nothing ends, and a new connection is never answered. */
export const BLACK_HOLE: Manners = { toServer: { flow: "hold" }, toClient: { flow: "hold" } };

/** Requests arrive and are applied; their answers are lost. */
export const ANSWERS_LOST: Manners = { toClient: { flow: "swallow" } };
