/** What Kafka calls a group: two logs on the same brokers don't share their groups. */
export function groupIdOf(group: string, topic: string): string {
  return `${group}@${topic}`;
}
