import { randomBytes } from "node:crypto";
import type { ConnectRouter } from "@connectrpc/connect";
import type { RecordStore } from "@millrace/record-store";
import { type Authenticate, type Logger, silentLogger } from "@millrace/runtime";
import { upDownCounter } from "@millrace/telemetry";
import { createNoopMeter, type Meter } from "@opentelemetry/api";
import { createAuthenticate } from "./authenticate.ts";
import { type Bootstrap, createBootstrap } from "./bootstrap.ts";
import type { Dependencies } from "./dependencies.ts";
import { addRoutes } from "./routes.ts";
import { ApiKeyRecords } from "./store/api-key-records.ts";
import { ProjectRecords } from "./store/project-records.ts";
import { forgetDaily } from "./visitor-salt/forget-daily.ts";
import { VisitorSaltRecords } from "./visitor-salt/visitor-salt-records.ts";

/** What config is made of. */
export type ConfigAppOptions = {
  /** Where everything is stored. It stays open when config closes. */
  readonly records: RecordStore;
  /** The present, in epoch milliseconds. */
  readonly clock: () => number;
  readonly log?: Logger;
  /** Where measurements go. */
  readonly meter?: Meter;
  /** Gives that many unpredictable bytes, for keys and for visitors' secrets. */
  readonly random?: (size: number) => Uint8Array;
  /** The version of enrichment and fold that new revisions are stamped with, from 1. Default 1. */
  readonly processingVersion?: number;
};

/** Config: projects, keys, metrics, rollups, and what other services need of them. */
export interface ConfigApp {
  /** Adds the RPCs to a router. */
  routes(router: ConnectRouter): void;
  /** Finds out who holds a credential, straight from the records. */
  readonly authenticate: Authenticate;
  /** What a first start needs. */
  readonly bootstrap: Bootstrap;
  /** Resolves when config can answer; fails with `unavailable`. */
  ready(): Promise<void>;
  /** Deletes, from now on, what is kept for some days only. To be called once, when config can answer. */
  start(): Promise<void>;
  /** Ends the watches and what `start` began. Idempotent. */
  close(): Promise<void>;
}

/** Makes config. It does no work of its own until it is called. */
export function createConfigApp(options: ConfigAppOptions): ConfigApp {
  const { records, clock, log = silentLogger(), random = randomBytes, processingVersion = 1 } = options;
  const { meter = createNoopMeter() } = options;
  const closing = new AbortController();
  const dependencies: Dependencies = {
    records,
    projects: new ProjectRecords(records),
    keys: new ApiKeyRecords(records),
    visitorSalts: new VisitorSaltRecords(records, random),
    clock,
    log,
    random,
    processingVersion,
    closing: closing.signal,
    watches: upDownCounter(meter, "millrace.config.watches"),
  };
  return {
    routes: (router) => addRoutes(router, dependencies),
    authenticate: createAuthenticate(dependencies.keys),
    bootstrap: createBootstrap(dependencies),
    ready: () => records.ready(),
    async start() {
      await records.ready();
      forgetDaily(dependencies);
    },
    async close() {
      closing.abort();
    },
  };
}
