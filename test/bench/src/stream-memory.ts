import type { Bench } from "./bench.ts";
import { measureStream, streamFigures } from "./measure-stream.ts";

const EVENTS = 800_000;

export const bench: Bench = {
  about: "Stream over loopback gRPC, 500 events a message, into a log that forgets",
  run: async () => streamFigures(await measureStream("memory", EVENTS), { perCore: 700_000 }),
};
