import { findProgram } from "../servers/machine.ts";
import { installationLog } from "./kept-folder.ts";

/** promtool, which tests Prometheus's rules. */
export const findPromtool = () => findProgram("promtool", "prometheus", installationLog());

/** HAProxy, the balancer of the tests that restart services. */
export const findHaproxy = () => findProgram("haproxy", "haproxy", installationLog());
