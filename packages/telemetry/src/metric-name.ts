import type { AttributeDeclaration, InstrumentKind, MetricDeclaration } from "./declaration.ts";
import { METRICS } from "./metrics.ts";

/** The name of a metric. */
export type MetricName = keyof typeof METRICS;

/** The name of a metric of one of these kinds. */
export type MetricNameOf<Kind extends InstrumentKind> = {
  [Name in MetricName]: (typeof METRICS)[Name]["kind"] extends Kind ? Name : never;
}[MetricName];

type DeclaredAttributes<Name extends MetricName> = (typeof METRICS)[Name]["attributes"][number];

/** The attributes that a measurement of a metric has: all that are declared, and none else. */
export type MetricAttributes<Name extends MetricName> = {
  [Attribute in DeclaredAttributes<Name> as Attribute["name"]]: Attribute extends {
    readonly values: readonly (infer Value)[];
  }
    ? Value
    : string | number;
};

/** What is declared of a metric. */
export function metricDeclaration(name: MetricName): MetricDeclaration {
  return METRICS[name];
}

/** The attributes of a metric. */
export function metricAttributes(name: MetricName): readonly AttributeDeclaration[] {
  return METRICS[name].attributes;
}
