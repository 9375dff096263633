import { withoutQuery } from "./page-address.ts";
import type { Properties } from "./properties.ts";

const PREFIX = "data-millrace";
const FILES = /\.(pdf|csv|docx?|xlsx?|pptx?|zip|t?gz|dmg|exe|apk|epub|mp[34])$/i;

/** Calls `track` for clicks on links that lead elsewhere, and on what carries `data-millrace`; forms when submitted. */
export function watchClicks(track: (name: string, properties: Properties) => void): void {
  function onClick({ target, button }: MouseEvent): void {
    if (!(target instanceof Element)) return;
    const link = target.closest<HTMLAnchorElement>("a[href]");
    // The middle button opens links and nothing else.
    if (button > (link === null ? 0 : 1)) return;
    const element = target.closest(`[${PREFIX}]`);
    if (element !== null && element.tagName !== "FORM") trackElement(element);
    if (link === null || !/^http/.test(link.protocol)) return;
    const isFile = FILES.test(link.pathname);
    if (!isFile && link.host === location.host) return;
    track(isFile ? "file_download" : "outbound_link", { link_url: withoutQuery(link.href) });
  }

  function trackElement(element: Element): void {
    const name = element.getAttribute(PREFIX);
    if (!name) return;
    const properties: Properties = {};
    for (const { name: attribute, value } of element.attributes) {
      if (attribute.startsWith(`${PREFIX}-`)) properties[attribute.slice(PREFIX.length + 1).replace(/-/g, "_")] = value;
    }
    track(name, properties);
  }

  function listen(type: string, listener: (event: MouseEvent) => void): void {
    function guarded(event: Event): void {
      // A form whose fields are named like what is asked of it answers with them.
      try {
        listener(event as MouseEvent);
      } catch {}
    }
    // Captured, so that a page which stops events on their way is counted too.
    addEventListener(type, guarded, true);
  }

  listen("click", onClick);
  listen("auxclick", onClick);
  listen("submit", ({ target }) => trackElement(target as Element));
}
