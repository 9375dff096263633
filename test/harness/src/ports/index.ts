export { freePorts } from "./free-ports.ts";
export { lastingPort, lastingPorts } from "./lasting-ports.ts";
