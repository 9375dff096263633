import { readFileSync } from "node:fs";
import { type KafkaSasl, migrateKafkaTopics, openKafkaEventLog } from "@millrace/event-log/kafka";
import { makeCertificates } from "@millrace/harness/certificates";
import { ownKafka } from "@millrace/harness/servers";
import { silentLogger } from "@millrace/runtime";
import { describe, expect, it, onTestFinished } from "vitest";

const PLAN = { partitions: 2, replicationFactor: 1, allow: ["replication-factor"] };
const PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required";

describe("a Kafka that speaks TLS alone, and asks who comes", () => {
  it("is written to and read by those who have its authority and a password", async () => {
    const { caFile, certificateFile, keyFile } = await makeCertificates();
    const inline = (path: string) => readFileSync(path, "utf8").trim().replaceAll("\n", "\\n");
    const listener = "listener.name.proxied";
    const servers = await ownKafka({
      proxied: true,
      settings: {
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:SASL_SSL,CONTROLLER:PLAINTEXT",
        [`${listener}.ssl.keystore.type`]: "PEM",
        [`${listener}.ssl.keystore.certificate.chain`]: inline(certificateFile),
        [`${listener}.ssl.keystore.key`]: inline(keyFile),
        [`${listener}.sasl.enabled.mechanisms`]: "PLAIN",
        [`${listener}.plain.sasl.jaas.config`]: `${PLAIN} user_ingest="a password";`,
      },
    });
    onTestFinished(() => servers.dispose());
    const sasl: KafkaSasl = { mechanism: "plain", username: "ingest", password: "a password" };
    const options = { brokers: servers.addresses, tls: { caFile }, sasl, log: silentLogger() };
    await migrateKafkaTopics(options, PLAN);
    const log = await openKafkaEventLog(options);
    onTestFinished(() => log.close());
    const { offset } = await log.append(1, Buffer.from("secret"));
    for await (const records of log.read(1, offset)) expect(Buffer.from(records[0]!.value).toString()).toBe("secret");

    const wrong = { ...options, sasl: { ...sasl, password: "another" } };
    await expect(openKafkaEventLog(wrong)).rejects.toMatchObject({
      kind: "precondition",
      message: expect.stringContaining("refuse the user name or the password"),
    });
    await expect(openKafkaEventLog({ ...options, tls: {} })).rejects.toMatchObject({ kind: "unavailable" });
  });
});
