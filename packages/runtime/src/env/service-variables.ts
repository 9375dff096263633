import { SERVICE_KEY_FORM } from "../rpc/service-key.ts";
import { list, type Variable } from "./variables.ts";

const ORIGINS = {
  pattern: /^https?:\/\/(?:[^\s,:/?#@]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/,
  allowed: "addresses such as http://config:8080, separated by commas",
};

/** By what services know each other, to be spread into the table of every one. */
export const SERVICE_KEY_VARIABLES = {
  serviceKeys: list({
    name: "MILLRACE_SERVICE_KEY",
    required: true,
    secret: true,
    form: SERVICE_KEY_FORM,
    doc: "By what services know each other. The first is sent, each is accepted: so a key is replaced without a pause.",
  }),
};

/** The variable that says where a service is. */
export function serviceUrl(service: "ingest" | "config" | "reporting" | "processing"): Variable<readonly string[]> {
  return list({
    name: `MILLRACE_${service.toUpperCase() as Uppercase<typeof service>}_URL`,
    required: true,
    form: ORIGINS,
    doc: `Where ${service} is. A name may have many addresses: calls are spread over all of them, and over all that are given.`,
  });
}
