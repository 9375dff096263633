/** Brings the browser of the tests, before any of them runs. */
import { bringBrowser } from "./browser.ts";

bringBrowser();
