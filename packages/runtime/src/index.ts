export { CASSANDRA_VARIABLES, type CassandraSettings, cassandraSettingsOf } from "./env/cassandra-variables.ts";
export { describeVariables } from "./env/describe-variables.ts";
export {
  KAFKA_CONSUMER_VARIABLES,
  KAFKA_VARIABLES,
  type KafkaSettings,
  kafkaSettingsOf,
} from "./env/kafka-variables.ts";
export { nearestName } from "./env/nearest-name.ts";
export {
  defineVariables,
  type Environment,
  type ParseOptions,
  parseEnvironment,
  type Values,
  type VariableTable,
} from "./env/parse-environment.ts";
export {
  CACHE_VARIABLES,
  CLAIMS_VARIABLES,
  REDIS_VARIABLES,
  type RedisSettings,
  redisSettingsOf,
} from "./env/redis-variables.ts";
export { SERVER_VARIABLES } from "./env/server-variables.ts";
export { SERVICE_KEY_VARIABLES, serviceUrl } from "./env/service-variables.ts";
export {
  bytes,
  durationMs,
  flag,
  integer,
  list,
  oneOf,
  path,
  text,
  type Variable,
  type VariableOptions,
} from "./env/variables.ts";
export { type Component, createLifecycle, type Lifecycle, type LifecycleOptions } from "./lifecycle/lifecycle.ts";
export {
  LONE_SERVICE_HINT,
  runService,
  type Served,
  type ServiceProcess,
  type ServiceProgram,
} from "./lifecycle/run-service.ts";
export { untilAvailable } from "./lifecycle/until-available.ts";
export { createLogger, LOG_LEVELS, type Logger, type LoggerOptions, type LogLevel } from "./log/logger.ts";
export { silentLogger } from "./log/silent-logger.ts";
export { ACTING_FOR_HEADER, actingForText } from "./rpc/acting-for.ts";
export { ClientPool, type PoolOptions } from "./rpc/client-pool/client-pool.ts";
export {
  createPeerTransports,
  type Peer,
  type PeerTransports,
} from "./rpc/client-pool/peer-transports.ts";
export {
  createPooledTransport,
  type PooledTransport,
  type PooledTransportOptions,
} from "./rpc/client-pool/pooled-transport.ts";
export { codeOf } from "./rpc/failure-codes.ts";
export { ERROR_DOMAIN, failureToConnectError } from "./rpc/failure-to-connect-error.ts";
export { connectErrorToHttp, failureToHttp, type HttpAnswer } from "./rpc/failure-to-http.ts";
export { connectErrorToGrpcTrailers, grpcTrailersFor } from "./rpc/grpc-trailers.ts";
export type { HealthOf } from "./rpc/health.ts";
export { type InProcessOptions, inProcessTransport } from "./rpc/in-process-transport.ts";
export { leavingError, type ThrownIn } from "./rpc/leaving-error.ts";
export { mapFailures } from "./rpc/map-failures.ts";
export {
  type Authenticate,
  credentialOf,
  getPrincipal,
  type Principal,
  principalKey,
  projectOf,
  readPrincipal,
  requireScope,
} from "./rpc/principal.ts";
export { assertScopes, scopeOf } from "./rpc/scopes.ts";
export { authenticateServices } from "./rpc/service-key.ts";
export {
  type ReadHeader,
  readerOf,
  requireSameOrigin,
  SESSION_PREFIX,
  sessionCookieName,
  sessionCookieOf,
  sessionOf,
} from "./rpc/session-cookie.ts";
export { validateRequests } from "./rpc/validate.ts";
export { answerGrpc } from "./server/answer-grpc.ts";
export { type Call, callKey, type Protocol } from "./server/call.ts";
export type { CorsOptions } from "./server/cors.ts";
export { DEFAULT_LIMITS, type Http2Limits, type LimitOverrides, type ServerLimits } from "./server/limits.ts";
export type { AnyRequest, AnyResponse } from "./server/one-port.ts";
export type { RawHandler } from "./server/request-listener.ts";
export type { RunningServer, ServerOptions } from "./server/server-options.ts";
export { startServer } from "./server/start-server.ts";
export { writeAnswer, writeHead } from "./server/write-answer.ts";
export { createTelemetry, type Telemetry, type TelemetryOptions } from "./telemetry/telemetry.ts";
export type { ServiceTls } from "./tls/service-tls.ts";
