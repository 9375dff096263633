import { type ReactNode, useMemo } from "react";
import { Select } from "../menu/select.tsx";

/** Chooses the time zone of days and times. */
export function ZoneSelect(props: {
  readonly zone: string;
  readonly projectZone: string;
  /** Undefined for the project's. */
  readonly onChoose: (zone: string | undefined) => void;
}): ReactNode {
  const { zone, projectZone } = props;
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const usual = useMemo(() => [...new Set([projectZone, own, "UTC", zone])], [projectZone, own, zone]);
  const all = useMemo(() => Intl.supportedValuesOf("timeZone").filter((one) => !usual.includes(one)), [usual]);
  return (
    <Select
      label="Time zone"
      value={zone}
      onChoose={(chosen) => props.onChoose(chosen === projectZone ? undefined : chosen)}
    >
      <optgroup label="Usual">
        {usual.map((one) => (
          <option key={one} value={one}>
            {one.replaceAll("_", " ")}
            {one === projectZone ? " (project)" : one === own ? " (yours)" : ""}
          </option>
        ))}
      </optgroup>
      <optgroup label="All">
        {all.map((one) => (
          <option key={one} value={one}>
            {one.replaceAll("_", " ")}
          </option>
        ))}
      </optgroup>
    </Select>
  );
}
