import { CASSANDRA_VARIABLES, defineVariables, KAFKA_CONSUMER_VARIABLES, KAFKA_VARIABLES } from "@millrace/runtime";

/** Where Kafka is, and how the topics are called: as the services have it. */
export const KAFKA_TABLE = defineVariables({ ...KAFKA_VARIABLES, ...KAFKA_CONSUMER_VARIABLES });

/** Where Cassandra is: as the services have it. */
export const CASSANDRA_TABLE = defineVariables(CASSANDRA_VARIABLES);
