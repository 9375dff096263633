export {
  type OpenedAppender,
  type OpenedConsumer,
  openKafkaAppender,
  openKafkaConsumer,
  openKafkaEventLog,
} from "./kafka-event-log.ts";
export {
  CONTROL_TOPIC,
  DEAD_LETTERS_TOPIC,
  EVENTS_TOPIC,
  type KafkaConnectionOptions,
  type KafkaLog,
  type KafkaOptions,
  type KafkaSasl,
  type KafkaTls,
} from "./kafka-options.ts";
export {
  appendTimes,
  commitGroupOffsets,
  type GroupOffsets,
  type GroupPartition,
  offsetsAtTime,
  readGroupOffsets,
} from "./topics/group-offsets.ts";
export {
  type KafkaMigrationOptions,
  type KafkaTopicFinding,
  type KafkaTopicsPlan,
  migrateKafkaTopics,
} from "./topics/migrate-topics.ts";
export { UNSAFE_SETTINGS, type UnsafeSetting } from "./topics/topic-settings.ts";
