/** What the script tag says. */
export type Options = {
  /** Where events go, with the key: "https://events.example.org/v1/beacon?key=mlr_live_…". */
  readonly endpoint: string;
  /** Present: page views are the page's own business. */
  readonly manual?: string | undefined;
  /** Present: what follows "#" is part of the path. */
  readonly hash?: string | undefined;
  /** Absent: no cookies. "": cookies of this host. Else the domain whose hosts share them. */
  readonly cookies?: string | undefined;
};

/** Reads the tag that loaded this script; undefined where there is none with a key, or no place to send to. */
export function readOptions(): Options | undefined {
  // A script that was made part of another file has no tag of its own that runs now.
  const script = (document.currentScript ?? document.querySelector("script[data-key]")) as HTMLScriptElement | null;
  const { key, host, ...others } = script?.dataset ?? {};
  if (!key || !script) return undefined;
  const endpoint = new URL(`v1/beacon?key=${key}`, host || script.src).href;
  // Some ways of sending throw for anything else.
  return /^http/.test(endpoint) ? { ...others, endpoint } : undefined;
}

/** Whether the visitor's browser asks not to be tracked: Do Not Track, or Global Privacy Control. */
export function asksForPrivacy(): boolean {
  const { doNotTrack, globalPrivacyControl } = navigator as Navigator & {
    readonly doNotTrack?: string | null;
    readonly globalPrivacyControl?: boolean;
  };
  return doNotTrack === "1" || globalPrivacyControl === true;
}
