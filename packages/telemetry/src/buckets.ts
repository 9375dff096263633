/** Upper bounds of the buckets of histograms, inclusive. */

/** Calls and steps of work, from those that need memory alone to those that time out. */
export const CALL_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Calls to backends, which are usually answered within milliseconds. */
export const FAST_SECONDS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** From an event to its being visible: usually about a second, up to an hour after something was away. */
export const VISIBLE_SECONDS = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 3600];
/** Drains of a process and of its parts. */
export const DRAIN_SECONDS = [0.01, 0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 90];
/** Numbers of things, in powers of four. */
export const COUNTS = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536];
/** Bytes, in powers of four from 256 B to 64 MiB. */
export const SIZES = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];
