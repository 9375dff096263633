import type { Weighted } from "./random.ts";

const WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
const LINUX = "Mozilla/5.0 (X11; Linux x86_64)";
const ANDROID = "Mozilla/5.0 (Linux; Android 10; K)";
const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)";
const IPAD = "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X)";
const WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)";
const APPLE_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)";

/** What people's browsers call themselves, about as often as they are met. */
export const USER_AGENTS: Weighted<string> = [
  [`${WINDOWS} ${WEBKIT} Chrome/141.0.0.0 Safari/537.36`, 20],
  [`${WINDOWS} ${WEBKIT} Chrome/140.0.0.0 Safari/537.36`, 6],
  [`${WINDOWS} ${WEBKIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0`, 8],
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0", 5],
  [`${MAC} ${WEBKIT} Chrome/141.0.0.0 Safari/537.36`, 10],
  [`${MAC} ${APPLE_WEBKIT} Version/18.6 Safari/605.1.15`, 7],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0", 2],
  [`${LINUX} ${WEBKIT} Chrome/141.0.0.0 Safari/537.36`, 4],
  ["Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", 3],
  [`${ANDROID} ${WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36`, 14],
  [`Mozilla/5.0 (Linux; Android 14; SM-S928B) ${WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`, 3],
  [`${IPHONE} ${APPLE_WEBKIT} Version/18.6 Mobile/15E148 Safari/604.1`, 15],
  [`${IPHONE} ${APPLE_WEBKIT} CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1`, 2],
  [`${IPAD} ${APPLE_WEBKIT} Version/18.6 Mobile/15E148 Safari/604.1`, 2],
];

/** What crawlers call themselves. */
export const BOT_AGENTS: Weighted<string> = [
  ["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", 5],
  ["Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", 3],
  ["Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", 2],
  [`Mozilla/5.0 ${WEBKIT}; compatible; GPTBot/1.2; +https://openai.com/gptbot)`, 2],
];
