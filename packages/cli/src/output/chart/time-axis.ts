import { textWidth } from "../text-width.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const GAP = 2;

/**
 * The labels below a series, as one line: at even distances, as many as fit, each beginning where its bucket does.
 *
 * @param times the starts of the buckets, RFC 3339 with the zone's offset
 * @param startOf the column at which a bucket begins
 * @param width the columns there are
 */
export function timeAxis(times: readonly string[], startOf: (at: number) => number, width: number): string {
  const labels = timeLabels(times);
  const widest = labels.reduce((most, label) => Math.max(most, textWidth(label)), 0);
  for (const every of steps(times)) {
    if (startOf(every) - startOf(0) < widest + GAP && every < times.length) continue;
    return lineOf(labels, firstLabel(times, every), every, startOf, width);
  }
  return "";
}

/** A time as short as its neighbours allow: the time of day, or the date where a day begins; dates; months. */
export function timeLabels(times: readonly string[]): readonly string[] {
  const areDays = times.every((time) => time.slice(11, 16) === "00:00");
  const areMonths = areDays && times.length > 1 && times.every((time) => time.slice(8, 10) === "01");
  return times.map((time) => {
    const [year = "", month = "", day = ""] = time.slice(0, 10).split("-");
    const name = MONTHS[Number(month) - 1] ?? month;
    if (areMonths) return `${name} ${year}`;
    return areDays || time.slice(11, 16) === "00:00" ? `${name} ${Number(day)}` : time.slice(11, 16);
  });
}

const MINUTES = [1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1_440];
const COUNTS = [1, 2, 3, 4, 6, 7, 12, 14, 28];

/** Distances between labels that people count by: of the clock for buckets of less than a day, else so many buckets. */
function steps(times: readonly string[]): readonly number[] {
  const width = bucketMinutes(times);
  const some = width === 0 ? COUNTS : MINUTES.filter((minutes) => minutes % width === 0).map((each) => each / width);
  return [...some, 2 * some.at(-1)!, 4 * some.at(-1)!, times.length].filter((each) => each <= times.length);
}

/** Begins where the distance divides the time of day, so that labels are 10:00, 10:15 and so on. */
function firstLabel(times: readonly string[], every: number): number {
  const width = bucketMinutes(times);
  if (width === 0) return 0;
  const first = times.findIndex((time) => (minuteOf(time) / width) % every === 0);
  return first === -1 || first >= every ? 0 : first;
}

/** The minutes of a bucket; 0 for days and more. */
function bucketMinutes(times: readonly string[]): number {
  return times.length < 2 ? 0 : (minuteOf(times[1]!) - minuteOf(times[0]!) + 1_440) % 1_440;
}

function minuteOf(time: string): number {
  return Number(time.slice(11, 13)) * 60 + Number(time.slice(14, 16));
}

function lineOf(
  labels: readonly string[],
  first: number,
  every: number,
  startOf: (at: number) => number,
  width: number,
): string {
  let line = "";
  for (let at = first; at < labels.length; at += every) {
    const start = startOf(at);
    const label = labels[at]!;
    if (start < textWidth(line) + (line === "" ? 0 : GAP) || start + textWidth(label) > width) continue;
    line += " ".repeat(start - textWidth(line)) + label;
  }
  return line;
}
