import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter, Interceptor } from "@connectrpc/connect";
import type { Logger } from "../log/logger.ts";
import type { HealthOf } from "../rpc/health.ts";
import type { Authenticate } from "../rpc/principal.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { ServiceTls } from "../tls/service-tls.ts";
import type { CorsOptions } from "./cors.ts";
import type { LimitOverrides } from "./limits.ts";
import type { RawHandler } from "./request-listener.ts";

/** What a server serves, where, and within which bounds. */
export type ServerOptions = {
  readonly service: string;
  readonly version: string;
  /** The revision of the sources, where it is known. */
  readonly revision?: string | undefined;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** `host` unless given. */
  readonly adminHost?: string;
  readonly adminPort: number;
  /** With a certificate, the public port speaks TLS alone; the admin port never does. */
  readonly tls?: ServiceTls;
  readonly routes: (router: ConnectRouter) => void;
  /** Handlers of exact paths, such as "/v1/events" or "/millrace.ingest.v1.IngestService/Stream"; before any RPC. */
  readonly rawHandlers?: Readonly<Record<string, RawHandler>>;
  /**
   * Asked at each request to a path of neither these nor an RPC: for paths that come to be only later, such as files. The
   * metrics name each by its path, unless the handler names the call's `method` itself.
   */
  readonly findHandler?: (path: string) => RawHandler | undefined;
  readonly authenticate: Authenticate;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly limits?: LimitOverrides;
  readonly cors?: CorsOptions;
  /** How many proxies every request passes, whose `X-Forwarded-For` is believed; 0 unless given. */
  readonly trustedProxies?: number;
  /** Whether grpc.reflection.v1, and v1alpha for older clients, are served; not unless told. */
  readonly reflection?: boolean;
  /** More interceptors, inside those of the runtime. */
  readonly interceptors?: readonly Interceptor[];
  /** Asked by /readyz while the server is set ready: whether what it needs is there. */
  readonly isReady?: () => Promise<boolean>;
  /** Services that others serve behind this server: reflection names them too. */
  readonly behind?: readonly DescService[];
  /** Asked by grpc.health.v1 for those. */
  readonly healthOf?: HealthOf;
  /** How long to go on as if nothing were, after readiness was withdrawn, so that balancers notice. */
  readonly drainDelayMs?: number;
  /** How long calls under way may take during a drain before their connections are cut. 20 s unless given. */
  readonly drainDeadlineMs?: number;
};

/** A server that listens. */
export type RunningServer = {
  /** Such as "http://127.0.0.1:8080", with https where the port speaks TLS. */
  readonly url: string;
  readonly port: number;
  readonly adminUrl: string;
  readonly adminPort: number;
  /** Aborted when a drain begins. */
  readonly shutdownSignal: AbortSignal;
  /** Says, to probes and health checks, whether calls are wanted; false at first. */
  readonly setReady: (ready: boolean) => void;
  /** Withdraws readiness, lets streams answer, takes nothing new, and resolves when what was under way is done. */
  readonly drain: () => Promise<void>;
  /** Ends everything at once, the admin port too. Idempotent. */
  readonly close: () => Promise<void>;
};
