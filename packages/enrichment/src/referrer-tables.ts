/** Which hosts belong to a source that people know by name. */
export type ReferrerTable = {
  /** Registered domains; their subdomains count as well, unless they are listed themselves. */
  readonly domains: ReadonlyMap<string, string>;
  /** Names that own their domain in most countries: `google` is google.com, google.de and google.co.uk. */
  readonly countryDomains: ReadonlyMap<string, string>;
};

/** The table of version 1. */
export const referrerTable1: ReferrerTable = {
  domains: new Map([
    ["bing.com", "Bing"],
    ["duckduckgo.com", "DuckDuckGo"],
    ["baidu.com", "Baidu"],
    ["facebook.com", "Facebook"],
    ["twitter.com", "X"],
    ["x.com", "X"],
    ["t.co", "X"],
    ["linkedin.com", "LinkedIn"],
    ["reddit.com", "Reddit"],
    ["youtube.com", "YouTube"],
    ["github.com", "GitHub"],
  ]),
  countryDomains: new Map([
    ["google", "Google"],
    ["yahoo", "Yahoo"],
    ["yandex", "Yandex"],
  ]),
};

/** The table of version 2: more search engines, social networks, mail and assistants. */
export const referrerTable2: ReferrerTable = {
  domains: new Map([
    ...referrerTable1.domains,
    // Search
    ["com.google.android.googlequicksearchbox", "Google"],
    ["search.brave.com", "Brave Search"],
    ["ecosia.org", "Ecosia"],
    ["qwant.com", "Qwant"],
    ["startpage.com", "Startpage"],
    ["kagi.com", "Kagi"],
    ["naver.com", "Naver"],
    ["daum.net", "Daum"],
    ["sogou.com", "Sogou"],
    ["so.com", "360 Search"],
    ["seznam.cz", "Seznam"],
    ["ya.ru", "Yandex"],
    ["ask.com", "Ask"],
    ["aol.com", "AOL"],
    // Social
    ["fb.com", "Facebook"],
    ["fb.me", "Facebook"],
    ["messenger.com", "Messenger"],
    ["instagram.com", "Instagram"],
    ["threads.net", "Threads"],
    ["threads.com", "Threads"],
    ["lnkd.in", "LinkedIn"],
    ["redd.it", "Reddit"],
    ["youtu.be", "YouTube"],
    ["pinterest.com", "Pinterest"],
    ["pin.it", "Pinterest"],
    ["tiktok.com", "TikTok"],
    ["bsky.app", "Bluesky"],
    ["mastodon.social", "Mastodon"],
    ["vk.com", "VK"],
    ["ok.ru", "OK"],
    ["weibo.com", "Weibo"],
    ["whatsapp.com", "WhatsApp"],
    ["t.me", "Telegram"],
    ["telegram.org", "Telegram"],
    ["org.telegram.messenger", "Telegram"],
    ["discord.com", "Discord"],
    ["slack.com", "Slack"],
    ["com.slack", "Slack"],
    ["tumblr.com", "Tumblr"],
    ["quora.com", "Quora"],
    ["stackoverflow.com", "Stack Overflow"],
    ["news.ycombinator.com", "Hacker News"],
    ["lobste.rs", "Lobsters"],
    ["medium.com", "Medium"],
    ["vimeo.com", "Vimeo"],
    ["twitch.tv", "Twitch"],
    ["wikipedia.org", "Wikipedia"],
    // Mail
    ["mail.google.com", "Gmail"],
    ["com.google.android.gm", "Gmail"],
    ["outlook.live.com", "Outlook"],
    ["outlook.office.com", "Outlook"],
    ["outlook.office365.com", "Outlook"],
    ["mail.yahoo.com", "Yahoo Mail"],
    ["mail.proton.me", "Proton Mail"],
    // Assistants
    ["chatgpt.com", "ChatGPT"],
    ["chat.openai.com", "ChatGPT"],
    ["perplexity.ai", "Perplexity"],
    ["gemini.google.com", "Gemini"],
    ["copilot.microsoft.com", "Copilot"],
    ["claude.ai", "Claude"],
  ]),
  countryDomains: new Map([
    ...referrerTable1.countryDomains,
    ["pinterest", "Pinterest"],
    ["amazon", "Amazon"],
    ["ebay", "eBay"],
  ]),
};
