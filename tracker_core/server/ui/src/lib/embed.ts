/** Whether the page stands in a frame of another one, and the token that such a frame carries in its address. */

import { here } from "./base";

const given = new URLSearchParams(location.search);

export const embedded = here().startsWith("embed/");
const token = embedded ? given.get("token") : null;

/** An address of our server, as a frame without cookies may ask for it. */
export function allowed(url: string): string {
  if (token === null) return url;
  return `${url}${url.includes("?") ? "&" : "?"}token=${encodeURIComponent(token)}`;
}
