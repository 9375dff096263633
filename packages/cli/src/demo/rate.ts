/** The most events a second. */
export const RATE_MAX = 1_000;
