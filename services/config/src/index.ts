export type { KeyGrant } from "./api-key/issue-key.ts";
export { type ConfigApp, type ConfigAppOptions, createConfigApp } from "./app.ts";
export type { Bootstrap } from "./bootstrap.ts";
