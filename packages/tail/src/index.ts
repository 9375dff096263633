export { Sample, type SampleLimits, type Taken } from "./sample.ts";
export {
  decodeTailMessage,
  encodeTailMessage,
  type TailMessage,
  type ToldEvent,
  tailChannel,
  type Verdict,
} from "./tail-message.ts";
export {
  decodeTailRequest,
  encodeTailRequest,
  RECENT_MAX,
  TAIL_REQUEST_LASTS_MS,
  TAIL_REQUESTS_CHANNEL,
  type TailRequest,
} from "./tail-request.ts";
