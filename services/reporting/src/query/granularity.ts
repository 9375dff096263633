import { Granularity } from "@millrace/api/millrace/reporting/v1/query_pb";
import { SERIES_GRANULARITIES, type SeriesGranularity } from "@millrace/rollup";

const ENUM: Readonly<Record<SeriesGranularity, Granularity>> = {
  "1m": Granularity.GRANULARITY_1M,
  "5m": Granularity.GRANULARITY_5M,
  "15m": Granularity.GRANULARITY_15M,
  "1h": Granularity.GRANULARITY_1H,
  "1d": Granularity.GRANULARITY_1D,
  week: Granularity.GRANULARITY_WEEK,
  month: Granularity.GRANULARITY_MONTH,
};

const BY_ENUM = new Map(SERIES_GRANULARITIES.map((granularity) => [ENUM[granularity], granularity]));

/** The width of a series' buckets as the contract writes it. */
export function granularityToEnum(granularity: SeriesGranularity): Granularity {
  return ENUM[granularity];
}

/** The width that the contract's value stands for; undefined for no buckets. */
export function granularityFromEnum(granularity: Granularity): SeriesGranularity | undefined {
  return BY_ENUM.get(granularity);
}
