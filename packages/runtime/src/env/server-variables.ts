import { LOG_LEVELS } from "../log/logger.ts";
import { TLS_VARIABLES } from "./tls-variables.ts";
import { durationMs, flag, integer, list, oneOf, text } from "./variables.ts";

/** The variables that every process with a server has, to be spread into its table. */
export const SERVER_VARIABLES = {
  host: text({
    name: "MILLRACE_HOST",
    default: "127.0.0.1",
    doc: "The address that the public port listens on; 0.0.0.0 is every address of the machine.",
  }),
  port: integer({
    name: "MILLRACE_PORT",
    default: 8080,
    min: 0,
    max: 65535,
    doc: "The public port, for gRPC, gRPC-Web, Connect and plain HTTP; 0 lets the system choose.",
  }),
  ...TLS_VARIABLES,
  adminHost: text({
    name: "MILLRACE_ADMIN_HOST",
    default: "127.0.0.1",
    doc: "The address that the admin port listens on. It has no authentication: keep it away from the public.",
  }),
  adminPort: integer({
    name: "MILLRACE_ADMIN_PORT",
    default: 9090,
    min: 0,
    max: 65535,
    doc: "The admin port: /livez, /readyz, /metrics, /version; 0 lets the system choose.",
  }),
  reflection: flag({
    name: "MILLRACE_REFLECTION",
    default: false,
    doc: "Whether gRPC reflection is served, for tools such as grpcurl. Leave it off in production.",
  }),
  corsOrigins: list({
    name: "MILLRACE_CORS_ORIGINS",
    default: [],
    form: {
      pattern: /^(\*|https?:\/\/[^/\s]+)$/,
      allowed: "origins such as https://example.org, separated by commas, or *",
    },
    doc: "Origins whose web pages may call every method, such as https://example.org; * is all. Events may always be sent from any page.",
  }),
  trustedProxies: integer({
    name: "MILLRACE_TRUSTED_PROXIES",
    default: 0,
    min: 0,
    max: 10,
    doc: "How many proxies every request passes before it is here; that many entries of X-Forwarded-For are believed. 0: it is not looked at.",
  }),
  revision: text({
    name: "MILLRACE_REVISION",
    doc: "The revision of the sources that run here, told by /version. An image has it set.",
  }),
  logLevel: oneOf(LOG_LEVELS, {
    name: "MILLRACE_LOG_LEVEL",
    default: "info",
    doc: "The least important log lines that are written.",
  }),
  prettyLog: flag({
    name: "MILLRACE_LOG_PRETTY",
    default: process.stdout.isTTY === true,
    doc: "Whether log lines are written for people instead of as JSON.",
  }),
  drainDelayMs: durationMs({
    name: "MILLRACE_DRAIN_DELAY_MS",
    default: 0,
    max: 300_000,
    doc: "How long a stopping server goes on taking calls after it said that it is not ready, so that load balancers notice.",
  }),
  shutdownDeadlineMs: durationMs({
    name: "MILLRACE_SHUTDOWN_DEADLINE_MS",
    default: 30_000,
    min: 1_000,
    max: 3_600_000,
    doc: "How long stopping may take, the drain delay included, before the process is ended by force.",
  }),
};
