import { findProgram } from "../servers/machine.ts";
import { installationLog } from "./kept-folder.ts";

/** buildah, which builds images where there is no Docker. Only test:cluster asks for it and the next: the others bring none of them. */
export const findBuildah = () => findProgram("buildah", "buildah", installationLog());

/** debootstrap, which makes a Debian for images where no registry can be reached. It lies where only root looks. */
export const findDebootstrap = () => findProgram("debootstrap", "debootstrap", installationLog());

/** HAProxy, the balancer of the tests that restart services. */
export const findHaproxy = () => findProgram("haproxy", "haproxy", installationLog());
