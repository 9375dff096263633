import { expect, it } from "vitest";
import { isHttps } from "./is-https.ts";

it.each([
  { ":authority": "shop.example", ":scheme": "https" },
  { host: "shop.example", "x-forwarded-proto": "https" },
  { host: "shop.example", "x-forwarded-proto": "https, http" },
  { host: "shop.example", origin: "https://shop.example" },
  { host: "shop.example", "sec-fetch-site": "same-origin" },
  { ":authority": "shop.example", "sec-fetch-site": "none" },
])("a browser speaks TLS that sends %j", (headers) => expect(isHttps(headers)).toBe(true));

it.each([
  { host: "shop.example" },
  { ":authority": "shop.example", ":scheme": "http" },
  { host: "shop.example", origin: "http://shop.example" },
  { host: "shop.example", "x-forwarded-proto": "http" },
  { host: "127.0.0.1:8080", "sec-fetch-site": "same-origin" },
  { host: "localhost", "sec-fetch-site": "same-origin" },
  { host: "a.localhost:8080", "sec-fetch-site": "same-origin" },
  { host: "[::1]:8080", "sec-fetch-site": "same-origin" },
])("a browser does not, as far as is known, that sends %j", (headers) => expect(isHttps(headers)).toBe(false));
