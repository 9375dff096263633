import { clip } from "./clip.ts";
import { locationOf } from "./page.ts";
import { remember } from "./remember.ts";
import type { Rule } from "./rule.ts";

/** The fields that say which campaign brought a visit. */
const CAMPAIGN_FIELDS = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"] as const;

type CampaignField = (typeof CAMPAIGN_FIELDS)[number];
type Campaign = Readonly<Partial<Record<CampaignField, string>>>;

const REMEMBERED_MAX = 4096;

/** A campaign's field: the event's own property of that name, else the first such parameter of its URL. */
export function campaign1(field: CampaignField): Rule {
  return {
    inputs: [field, "url", "page", "path"],
    derive: (input) => {
      const own = input[field]?.trim();
      if (own !== undefined && own !== "") return clip(own);
      const query = locationOf(input)?.query ?? "";
      return query.includes("utm_") ? (campaignOf(query)[field] ?? "") : "";
    },
  };
}

const campaignOf: (query: string) => Campaign = remember(REMEMBERED_MAX, (query) => {
  const campaign: Partial<Record<CampaignField, string>> = {};
  for (const parameter of query.split("&")) {
    const equals = parameter.indexOf("=");
    const field = CAMPAIGN_FIELDS.find((name) => name === parameter.slice(0, Math.max(equals, 0)));
    if (field === undefined || campaign[field] !== undefined) continue;
    const value = clip(decode(parameter.slice(equals + 1)).trim());
    if (value !== "") campaign[field] = value;
  }
  return campaign;
});

function decode(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
