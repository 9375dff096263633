import { authenticateServices, createPooledTransport, LONE_SERVICE_HINT, runService } from "@millrace/runtime";
import { createSnapshot } from "@millrace/snapshot";
import { createProcessingApp } from "./app.ts";
import { openBackends } from "./backends.ts";
import { VARIABLES } from "./config.ts";
import { deadLettersIn } from "./dead-letters/dead-letters.ts";
import { statusPeers } from "./status-peers.ts";

runService({
  name: "processing",
  command: "npm run processing",
  summary: "processing, which owns partitions of the log and folds their events into cells.",
  manifest: new URL("../package.json", import.meta.url),
  variables: VARIABLES,
  hint: LONE_SERVICE_HINT,
  async assemble(process) {
    const { settings, log, telemetry, lifecycle, tls, version } = process;
    const backends = await openBackends(process);
    lifecycle.add({ name: "backends", stop: backends.close });
    const transport = createPooledTransport({ urls: settings.configUrl, tls, serviceKey: settings.serviceKeys[0] });
    const snapshot = createSnapshot({ transport, log, meter: telemetry.meter });
    lifecycle.add({ name: "snapshot", stop: () => snapshot.close().finally(() => transport.close()) });
    const peers = statusPeers({ urls: settings.processingUrl, tls, serviceKey: settings.serviceKeys[0]! });
    lifecycle.add({ name: "peers", stop: () => peers.close() });
    const processing = createProcessingApp({
      ...backends,
      deadLetters: deadLettersIn(backends.deadLetters),
      redrive: { letters: backends.deadLetters, events: backends.eventLog },
      peers: peers.list,
      snapshot,
      clock: { now: () => Date.now() },
      meter: telemetry.meter,
      version,
      log,
      blockBytesMax: settings.blockBytes,
      flushIntervalScale: settings.coarseFlushPercent / 100,
      // Redis forgets claims by its clock.
      claimsExpire: true,
      group: settings.kafkaGroup,
      onFailure: (error) => void lifecycle.fail("processing", error),
    });
    lifecycle.add({ name: "processing", start: () => processing.start(), drain: () => processing.drain() });
    return {
      server: {
        routes: processing.routes,
        authenticate: authenticateServices(settings.serviceKeys, (text) => snapshot.authenticate(text)),
        isReady: async () => processing.joined,
      },
    };
  },
});
