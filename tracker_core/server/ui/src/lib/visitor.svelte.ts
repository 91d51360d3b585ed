/** Who looks at the pages: somebody with a name on a team's server, whoever has the link with `tracker ui`. */

import * as api from "./api";
import type { Visitor } from "./wire";

/** `asked` until the server has answered. */
export const visitor: Visitor & { asked: boolean } = $state({ user: "", entities: [], asked: true });

/** Asks the server; call it once. */
export function meet(): void {
  void api
    .visitor()
    .then((found) => Object.assign(visitor, found))
    .catch(() => undefined) // a server that is away is told by the page itself
    .finally(() => (visitor.asked = false));
}
