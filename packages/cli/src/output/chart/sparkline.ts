const BLOCKS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const ASCII = ["_", ".", "-", "=", "+", "*", "%", "#"];

/**
 * Values as a line of characters of growing height, the newest at the right. Absent values are spaces; zero is the
 * lowest character, and everything above it at least the second.
 *
 * @param width the most characters; older values are left out beyond it
 * @param most the value of the highest character; by default the greatest of the values shown
 */
export function sparkline(
  values: readonly (number | undefined)[],
  options: { readonly width: number; readonly isUnicode: boolean; readonly most?: number },
): string {
  const shown = options.width <= 0 ? [] : values.slice(-options.width);
  const levels = options.isUnicode ? BLOCKS : ASCII;
  const most = options.most ?? shown.reduce<number>((greatest, value) => Math.max(greatest, value ?? 0), 0);
  return shown.map((value) => (value === undefined ? " " : levels[levelOf(value, most)]!)).join("");
}

function levelOf(value: number, most: number): number {
  if (value <= 0 || most <= 0) return 0;
  return Math.min(7, Math.max(1, Math.round((value / most) * 7)));
}
