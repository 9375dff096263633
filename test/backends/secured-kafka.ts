import { readFileSync } from "node:fs";
import type { Certificates } from "@millrace/harness/certificates";
import { type OwnServers, ownKafka } from "@millrace/harness/servers";

const LISTENER = "listener.name.proxied";
const PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required";
const SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;";

/** A Kafka of one broker, for the caller alone, that speaks TLS only, and asks for a name and a password by PLAIN or SCRAM. */
export function securedKafka(
  { certificateFile, keyFile }: Certificates,
  users: Readonly<Record<string, string>>,
): Promise<OwnServers> {
  const inline = (path: string) => readFileSync(path, "utf8").trim().replaceAll("\n", "\\n");
  const known = Object.entries(users).map(([name, password]) => ` user_${name}="${password}"`);
  return ownKafka({
    proxied: true,
    users,
    settings: {
      "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:SASL_SSL,CONTROLLER:PLAINTEXT",
      [`${LISTENER}.ssl.keystore.type`]: "PEM",
      [`${LISTENER}.ssl.keystore.certificate.chain`]: inline(certificateFile),
      [`${LISTENER}.ssl.keystore.key`]: inline(keyFile),
      [`${LISTENER}.sasl.enabled.mechanisms`]: "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
      [`${LISTENER}.plain.sasl.jaas.config`]: `${PLAIN}${known.join("")};`,
      [`${LISTENER}.scram-sha-256.sasl.jaas.config`]: SCRAM,
      [`${LISTENER}.scram-sha-512.sasl.jaas.config`]: SCRAM,
    },
  });
}
