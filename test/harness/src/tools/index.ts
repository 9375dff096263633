export { customResourceDefinitions } from "./custom-resource-definitions.ts";
export { findBuildah, findDebootstrap } from "./debian-package.ts";
export { bringBy, keptFolder } from "./kept-folder.ts";
export { KUBERNETES_VERSIONS, kubernetesSchemas } from "./kubernetes-schemas.ts";
export { type ToolName, tool } from "./tool.ts";
