/** A process that sends events: `node produce.ts OPTIONS`, told and telling by messages. */
import { type ProducerOptions, produce } from "./stream-producer.ts";

process.on("message", (options: ProducerOptions) => {
  produce(options).then(
    (produced) => process.send!(produced, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
// Whoever started it is gone.
process.once("disconnect", () => process.exit(1));
