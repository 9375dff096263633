import { device2 } from "./device.ts";
import { page2 } from "./page.ts";
import { referrerSource2 } from "./referrer-source.ts";
import type { Rules } from "./rule.ts";
import { version1 } from "./version-1.ts";

/** Tells tablets and televisions apart, knows more referrers, and takes `/shop/` and `/shop` for one page. */
export const version2: Rules = { ...version1, page: page2, referrer_source: referrerSource2, device: device2 };
