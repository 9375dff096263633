/** Text cut to so many bytes of UTF-8, at the end of a character: what dimensions keep of long values. */
export function cutToBytes(text: string, bytesMax: number): string {
  let bytes = 0;
  let cut = "";
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) break;
    cut += character;
  }
  return cut;
}
