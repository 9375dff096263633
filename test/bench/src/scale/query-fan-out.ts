import { eraMinutes, tierOf } from "@millrace/cell-store/cassandra";
import { tiles } from "@millrace/rollup";

/** What one question asks of the store. */
export type FanOut = {
  /** Questions about which eras and lanes there are: one for each stretch of a granularity, one for each of its eras. */
  readonly lists: number;
  /** Partitions of blocks that are read. */
  readonly partitions: number;
  /** Blocks in them. */
  readonly blocks: number;
};

/**
 * What a question over a range asks of Cassandra, where every bucket has a block in every lane.
 *
 * @param startMinute inclusive
 * @param endMinute exclusive; the present
 * @param lanes slots times the partitions of the log that the project is spread over
 */
export function queryFanOut(startMinute: number, endMinute: number, lanes: number): FanOut {
  const { runs } = tiles(startMinute, endMinute, [{ key: "1m" }, { key: "15m" }, { key: "1h" }, { key: "1d+0" }]);
  let [lists, eras, blocks] = [0, 0, 0];
  for (const { key, from, to } of runs) {
    const era = eraMinutes(tierOf(key));
    const touched = Math.floor((to - 1) / era) - Math.floor(from / era) + 1;
    lists += 1 + touched;
    eras += touched;
    blocks += ((to - from) / (era / 8)) * lanes;
  }
  return { lists, partitions: eras * lanes, blocks };
}
