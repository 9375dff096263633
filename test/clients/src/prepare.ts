/** Brings every client that the tests use, so that other work can go on meanwhile. */
import { goFolder, NODE_MAJORS, nodeProgram, pythonFolder } from "./tools.ts";

await Promise.all([goFolder(), pythonFolder(), ...NODE_MAJORS.map(nodeProgram)]);
