import type { ReactNode } from "react";
import { Nothing } from "../panel/panel.tsx";
import { Header } from "../project/header.tsx";
import { Toolbar } from "../project/toolbar.tsx";

/** Any metrics by any dimensions. */
export function Explorer(): ReactNode {
  return (
    <>
      <Header />
      <main id="content" tabIndex={-1}>
        <Toolbar />
        <Nothing>The explorer is not here yet.</Nothing>
      </main>
    </>
  );
}
