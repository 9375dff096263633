import { fromBinary } from "@bufbuild/protobuf";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { readSections } from "@millrace/event-log";
import { openKafkaEventLog } from "@millrace/event-log/kafka";
import type { Mesh } from "./mesh.ts";

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** What is in the log of a mesh of one project. */
export type LogContent = {
  readonly events: number;
  /** The ids that these events have. */
  readonly ids: ReadonlySet<string>;
};

/** How many events of a project are in the log of a mesh, and their ids: read from the beginning. */
export async function logContent(mesh: Pick<Mesh, "place">, projectId: string): Promise<LogContent> {
  const { place } = mesh;
  const log = await openKafkaEventLog({
    brokers: place["MILLRACE_KAFKA_BROKERS"]!.split(","),
    topic: place["MILLRACE_KAFKA_TOPIC"]!,
    controlTopic: place["MILLRACE_KAFKA_CONTROL_TOPIC"]!,
    log: SILENT,
  });
  let events = 0;
  const ids = new Set<string>();
  try {
    for (let partition = 0; partition < log.partitions; partition++) {
      for await (const records of log.read(partition, (await log.bounds(partition)).first)) {
        for (const section of records.flatMap(({ value }) => readSections(value))) {
          if (section.projectId !== projectId) continue;
          events += section.events.length;
          for (const { assignedId, bytes } of section.events) {
            ids.add(assignedId === "" ? fromBinary(EventSchema, bytes).eventId : assignedId);
          }
        }
      }
    }
  } finally {
    await log.close();
  }
  return { events, ids };
}
