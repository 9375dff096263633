/** The bounds of a server. Every one has a default; bytes and milliseconds are in the names. */
export type ServerLimits = {
  /** The largest message, after decompression. */
  readonly messageBytesMax: number;
  /** The deadline of a unary call that brings none. */
  readonly unaryTimeoutMs: number;
  /** The longest deadline that a unary call gets, whatever it asks for. */
  readonly unaryTimeoutMsMax: number;
  readonly connectionsMax: number;
  /** How long a new connection may take until it is clear which protocol it speaks. */
  readonly protocolTimeoutMs: number;
  readonly headerBytesMax: number;
  /** HTTP/1: how long the headers of a request may take to arrive. */
  readonly headersTimeoutMs: number;
  /** How long the whole of a request may take to arrive, streams and paths handled by hand over HTTP/2 excepted. */
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly http2: Http2Limits;
};

/** The bounds of an HTTP/2 connection. */
export type Http2Limits = {
  /** How much may be under way to the server in one stream. */
  readonly streamWindowBytes: number;
  /** How much may be under way to the server in one connection. */
  readonly connectionWindowBytes: number;
  readonly concurrentStreamsMax: number;
  readonly sessionMemoryMebibytesMax: number;
  /** After how long without a stream or a frame a connection is closed. */
  readonly idleTimeoutMs: number;
  /** About how old a connection may grow (a tenth more or less, at random), so that clients spread anew; 0 is for ever. */
  readonly connectionAgeMs: number;
  /** How long the streams of an old connection may still take. */
  readonly connectionAgeGraceMs: number;
};

const MEBIBYTE = 1024 * 1024;

/** What holds where nothing else is said. */
export const DEFAULT_LIMITS: ServerLimits = {
  messageBytesMax: 4 * MEBIBYTE,
  unaryTimeoutMs: 30_000,
  unaryTimeoutMsMax: 300_000,
  connectionsMax: 10_000,
  protocolTimeoutMs: 10_000,
  headerBytesMax: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 120_000,
  keepAliveTimeoutMs: 65_000,
  http2: {
    streamWindowBytes: 4 * MEBIBYTE,
    connectionWindowBytes: 8 * MEBIBYTE,
    concurrentStreamsMax: 256,
    sessionMemoryMebibytesMax: 64,
    idleTimeoutMs: 300_000,
    connectionAgeMs: 1_800_000,
    connectionAgeGraceMs: 60_000,
  },
};

/** Some of the bounds, over the defaults. */
export type LimitOverrides = Partial<Omit<ServerLimits, "http2">> & { readonly http2?: Partial<Http2Limits> };

/** The default limits with some of them changed. */
export function limitsWith(overrides: LimitOverrides = {}): ServerLimits {
  return { ...DEFAULT_LIMITS, ...overrides, http2: { ...DEFAULT_LIMITS.http2, ...overrides.http2 } };
}
