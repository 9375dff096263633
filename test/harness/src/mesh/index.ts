export { type CellsCopy, copyCells, putCellsBack } from "./cells-copy.ts";
export { type LogContent, logContent } from "./log-content.ts";
export { launchMesh, type Mesh, type MeshOptions } from "./mesh.ts";
export { MeshProcess, type ServiceName } from "./mesh-process.ts";
export { type MeshServers, meshServers } from "./mesh-servers.ts";
