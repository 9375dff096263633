/**
 * Whether the terminal shows more than ASCII, by the locale (LC_ALL, LC_CTYPE, LANG: the first that is set). Where none is
 * set, as in most containers, terminals still do; only the Linux console and TERM=dumb are not trusted.
 */
export function showsUnicode(environment: NodeJS.ProcessEnv = process.env): boolean {
  const locale = environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"];
  if (locale) return /utf-?8/i.test(locale);
  return environment["TERM"] !== "linux" && environment["TERM"] !== "dumb";
}
