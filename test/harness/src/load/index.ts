export {
  type AnswerRow,
  ask,
  askOnce,
  askWithColumns,
  between,
  Granularity,
  lastDays,
  type Question,
} from "./answers.ts";
export { decimal, millionths } from "./decimal.ts";
export { type EventInit, HABITS, type Habit, type IngestTarget, type Pace, Producer, type Total } from "./producer.ts";
export { createKey, createProject, type NewProject } from "./projects.ts";
export { type SdkHabit, SdkLoad } from "./sdk-load.ts";
export {
  accountLine,
  countedTicks,
  createTicks,
  expectEveryBucket,
  expectExactlyOnce,
  type SentTicks,
} from "./ticks.ts";
