export { type EmbeddedEventLog, type EmbeddedEventLogOptions, openEmbeddedEventLog } from "./embedded-event-log.ts";
