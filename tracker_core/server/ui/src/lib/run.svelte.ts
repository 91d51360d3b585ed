/** One run in full, read again whenever it wrote something. */

import { untrack } from "svelte";
import * as api from "./api";
import type { Run } from "./wire";

export class RunState {
  run = $state.raw<Run | null>(null);
  failure = $state<string | null>(null);

  /** Call it while a component starts. `version` rises when the run wrote something. */
  constructor(key: string, version: () => number) {
    $effect(() => {
      void version();
      untrack(() =>
        api.run(key).then(
          (found) => {
            this.run = found;
            this.failure = null;
          },
          (error: Error) => (this.failure = error.message),
        ),
      );
    });
  }
}
