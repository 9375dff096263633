/** An event that is sent again at once to the process that has just taken it, as by a client whose answer was lost. */
import { startMillrace } from "@millrace/harness";
import { expect, it } from "vitest";

it("is told that it was sent before at every attempt, and counts once", async () => {
  const millrace = await startMillrace();
  const headers = {
    authorization: `Bearer ${millrace.keys.projectKeys["demo"]}`,
    "content-type": "application/json",
  };
  const body = JSON.stringify({ event_id: "e-1", name: "page_view", properties: { url: "/once" } });
  const answers = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    const answer = await fetch(`${millrace.url}/v1/events`, { method: "POST", headers, body });
    answers.push([answer.status, await answer.json()]);
  }
  expect(answers[0]).toEqual([202, { acceptedCount: 1 }]);
  expect(answers[1]).toMatchObject([409, { duplicateCount: 1, outcomes: [{ eventId: "e-1" }] }]);
  expect(answers[2]).toMatchObject([409, { duplicateCount: 1 }]);
  expect(await millrace.untilCounted("demo", 1)).toMatchObject({ foldedCount: 1n });
});
