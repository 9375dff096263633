/** The value of a custom property of the style, as it is now: for canvases, which know no style sheets. */
export function styleColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
