export { launchMesh, type Mesh, type MeshOptions } from "./mesh.ts";
export { MeshProcess, type ServiceName } from "./mesh-process.ts";
export { type MeshServers, meshServers } from "./mesh-servers.ts";
