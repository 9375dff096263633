import { type KafkaSasl, migrateKafkaTopics, openKafkaEventLog } from "@millrace/event-log/kafka";
import { makeCertificates } from "@millrace/harness/certificates";
import { silentLogger } from "@millrace/runtime";
import { describe, expect, it, onTestFinished } from "vitest";
import { securedKafka } from "./secured-kafka.ts";

const PLAN = { partitions: 2, replicationFactor: 1, allow: ["replication-factor"] };
const MECHANISMS: readonly KafkaSasl["mechanism"][] = ["plain", "scram-sha-256", "scram-sha-512"];

describe("a Kafka that speaks TLS alone, and asks who comes", () => {
  it("is written to and read by those who have its authority and a password, however the password is shown", async () => {
    const certificates = await makeCertificates();
    const servers = await securedKafka(certificates, { ingest: "a password" });
    onTestFinished(() => servers.dispose());
    const tls = { caFile: certificates.caFile };
    const options = { brokers: servers.addresses, tls, log: silentLogger() };
    const known = (mechanism: KafkaSasl["mechanism"], password = "a password") => ({
      ...options,
      sasl: { mechanism, username: "ingest", password },
    });
    await migrateKafkaTopics(known("plain"), PLAN);
    for (const mechanism of MECHANISMS) {
      const log = await openKafkaEventLog(known(mechanism));
      onTestFinished(() => log.close());
      const { offset } = await log.append(1, Buffer.from(mechanism));
      for await (const records of log.read(1, offset)) {
        expect(Buffer.from(records[0]!.value).toString()).toBe(mechanism);
      }
      await expect(openKafkaEventLog(known(mechanism, "another"))).rejects.toMatchObject({
        kind: "precondition",
        message: expect.stringContaining("refuse the user name or the password"),
      });
    }
    await expect(openKafkaEventLog({ ...known("plain"), tls: {} })).rejects.toMatchObject({ kind: "unavailable" });
  });
});
