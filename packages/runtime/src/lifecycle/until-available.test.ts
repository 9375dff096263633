import { Failure } from "@millrace/failure";
import { expect, it } from "vitest";
import { silentLogger } from "../log/silent-logger.ts";
import { untilAvailable } from "./until-available.ts";

const AWAY = new Failure("unavailable", "BACKEND_UNAVAILABLE", "Kafka did not answer");
const log = silentLogger();

it("opens what comes a little later", async () => {
  const failures = [AWAY, AWAY];
  const open = async () => {
    const failure = failures.shift();
    if (failure) throw failure;
    return "open";
  };
  expect(await untilAvailable(open, { log })).toBe("open");
});

it("does not wait for what will not mend by itself", async () => {
  const wrong = new Failure("precondition", "BACKEND_UNAVAILABLE", "the topic is missing");
  await expect(untilAvailable(() => Promise.reject(wrong), { log })).rejects.toBe(wrong);
});

it("waits no longer when it is told to stop", async () => {
  const stopping = new AbortController();
  const waiting = untilAvailable(() => Promise.reject(AWAY), { log, signal: stopping.signal });
  stopping.abort();
  await expect(waiting).rejects.toBe(AWAY);
});
