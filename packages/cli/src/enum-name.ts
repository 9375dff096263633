/** The name of a generated enum's value; the number where a newer server knows more. */
export function enumName(names: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(names).find((name) => names[name] === value) ?? String(value);
}
