import "./style/tokens.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/controls.css";
import "./live/live.css";
import { askEarly } from "./project/early.ts";
import { beginSession, currentSession } from "./session/session.ts";

// Who is signed in, and what every view needs, is asked while the page's scripts are being loaded.
void beginSession().then(() => {
  if (currentSession().state === "in") askEarly();
});
void import("./page.tsx");
