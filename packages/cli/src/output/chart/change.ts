/** How a value differs from the one compared with: "+12 %", "-3 %", "0 %", "new" from nothing; "" where one is absent. */
export function changeText(value: number | undefined, previous: number | undefined): string {
  if (value === undefined || previous === undefined) return "";
  if (value === previous) return "0 %";
  if (previous === 0) return "new";
  const percent = ((value - previous) / Math.abs(previous)) * 100;
  const digits = Math.abs(percent) < 10 ? 1 : 0;
  return `${percent > 0 ? "+" : ""}${percent.toFixed(digits)} %`;
}
