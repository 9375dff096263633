import { Failure } from "@millrace/failure";
import { type ControlTopic, readTopicRecords } from "./generations.ts";
import { describeTopic, withAdmin } from "./topic-states.ts";

/** What is known of a topic that may be used. */
export type OpenedTopic = { readonly generation: number; readonly partitions: number };

/**
 * Checks that a topic is the one that was prepared.
 *
 * @throws Failure `precondition`, saying what to do, where it wasn't prepared, is gone, or has other partitions than it had;
 *   `unavailable` where Kafka can't be reached
 */
export async function openTopic(control: ControlTopic, topic: string): Promise<OpenedTopic> {
  const { kafka, controlTopic } = control;
  const [described, controlled] = await withAdmin(kafka, `opening the topic ${topic}`, async (admin) => [
    await describeTopic(admin, topic),
    await describeTopic(admin, controlTopic),
  ]);
  const record = controlled === undefined ? undefined : (await readTopicRecords(control)).get(topic);
  if (record === undefined) {
    throw refused(`The topic ${topic} was not prepared: ${controlTopic} says nothing of it. Run \`millrace migrate\`.`);
  }
  const { generation, partitions, state } = record;
  if (state === "making") {
    throw refused(`Generation ${generation} of the topic ${topic} was not finished. Run \`millrace migrate\` again.`);
  }
  if (described === undefined) {
    throw refused(
      `The topic ${topic} does not exist, and was there as generation ${generation}. Look whether this is the right cluster; ` +
        "if its events are meant to be gone, run `millrace migrate --new-generation`.",
    );
  }
  if (described.partitions !== partitions) {
    throw refused(
      `The topic ${topic} has ${described.partitions} partitions, and had ${partitions} as generation ${generation}: events ` +
        "of one project would be in two of them. Stop ingest, let processing finish, then run `millrace migrate --new-generation`.",
    );
  }
  return { generation, partitions };
}

function refused(message: string): Failure {
  return new Failure("precondition", "BACKEND_UNAVAILABLE", message);
}
