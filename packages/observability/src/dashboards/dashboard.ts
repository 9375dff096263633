import type { DashboardSource } from "../grafana/panel.ts";
import { questionsOf } from "../grafana/variables.ts";
import { callGraphs, callNumbers } from "./calls.ts";
import { processNumbers, processRow } from "./process.ts";
import { snapshotGraphs } from "./snapshot.ts";
import { recordStoreGraphs } from "./stores.ts";

const asked = questionsOf("dashboard");

/** The service named dashboard: the page, sessions, and one address for all services. */
export const DASHBOARD: DashboardSource = {
  uid: "millrace-dashboard",
  title: "Millrace / Dashboard",
  description: "Serves the page, keeps who is signed in, and passes calls on to the services behind it.",
  service: "dashboard",
  rows: [
    { title: "Is it healthy", panels: [...callNumbers(asked), ...processNumbers(asked)] },
    { title: "Calls, those that are passed on included", panels: callGraphs(asked) },
    { title: "Sessions in the record store", panels: recordStoreGraphs(asked) },
    { title: "What it knows of configuration", panels: snapshotGraphs(asked), isClosed: true },
    processRow(asked),
  ],
};
