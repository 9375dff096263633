import type { Question } from "../question/question.ts";
import { cliText } from "./cli.ts";
import { curlText } from "./curl.ts";
import { sdkText } from "./sdk.ts";

/** The ways to take a question elsewhere, and the text of each, made when it is wanted. */
export function copiesOf(question: Question): readonly { readonly name: string; readonly text: () => string }[] {
  return [
    { name: "Copy as curl", text: () => curlText(question, location.origin, Date.now()) },
    { name: "Copy as command line", text: () => cliText(question, Date.now()) },
    { name: "Copy as TypeScript", text: () => sdkText(question, location.origin, Date.now()) },
  ];
}
