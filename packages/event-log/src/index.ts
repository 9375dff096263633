export {
  COMPRESS_FROM_BYTES,
  type EventSection,
  MAX_ASSIGNED_ID_BYTES,
  MAX_BATCH_BYTES,
  MAX_BATCH_EVENTS,
  MAX_PROJECT_ID_BYTES,
  MAX_READABLE_BATCH_BYTES,
  MAX_USER_AGENT_BYTES,
  type SectionHeader,
  type StampedEvent,
} from "./event-batch.ts";
export { EventBatchReader } from "./event-batch-reader.ts";
export { EventBatchWriter } from "./event-batch-writer.ts";
export type {
  AppendOptions,
  AppendResult,
  CallOptions,
  EventAppender,
  EventConsumer,
  EventLog,
  GroupHandler,
  GroupMember,
  LogRecord,
  OwnedPartition,
  PartitionHandler,
} from "./event-log.ts";
export { readSections, writeSections } from "./event-sections.ts";
export { observedAppender, observedEventLog, type Telemetry } from "./observed.ts";
