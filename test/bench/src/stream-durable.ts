import type { Bench } from "./bench.ts";
import { measureStream, streamFigures } from "./measure-stream.ts";

const EVENTS = 500_000;

export const bench: Bench = {
  about: "Stream over loopback gRPC, 500 events a message, into the durable embedded log",
  run: async () => streamFigures(await measureStream("durable", EVENTS), { wall: 250_000 }),
};
