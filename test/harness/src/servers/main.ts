/** `npm run servers`: Kafka, Cassandra and Redis for development, until Ctrl-C. Their data go with them. */
import { cassandraServer, kafkaServer, redisServer } from "./index.ts";

process.stdout.write("Starting Kafka, Cassandra and Redis ...\n");
const [{ brokers }, { contactPoints, localDataCenter }, { url }] = await Promise.all([
  kafkaServer(),
  cassandraServer(),
  redisServer(),
]);
process.stdout.write(`
Kafka      ${brokers.join(",")}
Cassandra  ${contactPoints.join(",")} (data centre ${localDataCenter})
Redis      ${url}

To run the tests on them:
  export MILLRACE_TEST_KAFKA=${brokers.join(",")} MILLRACE_TEST_CASSANDRA=${contactPoints.join(",")} MILLRACE_TEST_REDIS=${url.slice("redis://".length)}

Ctrl-C stops them and removes their data.
`);
process.on("SIGINT", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
setInterval(() => {}, 2 ** 30);
