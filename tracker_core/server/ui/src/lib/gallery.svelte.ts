/** Media of several runs under some keys, for a panel: fetched when it is seen, and again when a run wrote something. */

import * as api from "./api";
import type { Member } from "./panel";
import type { MediaSeries } from "./wire";

export type Shown = { member: Member; series: MediaSeries[] };

export class Gallery {
  /** Null until the first answer. */
  found = $state.raw<Shown[] | null>(null);
  failure = $state<string | null>(null);
  private asked = "";

  /** At most `runs` of the members, those that have any of the keys. Call it in an effect. */
  async look(
    members: readonly Member[],
    keys: readonly string[],
    version: number,
    runs: number,
    most: number,
  ): Promise<void> {
    const asked = JSON.stringify([members.map((it) => it.key), keys, version, runs, most]);
    if (asked === this.asked) return;
    this.asked = asked;
    const found: Shown[] = [];
    try {
      for (let i = 0; i < members.length && found.length < runs; i += runs) {
        const part = members.slice(i, i + runs);
        const answers = await Promise.all(part.map((member) => api.media(member.key, keys, most)));
        answers.forEach((series, place) => {
          if (series.length && found.length < runs) found.push({ member: part[place]!, series });
        });
        if (this.asked !== asked) return;
      }
      this.found = found;
      this.failure = null;
    } catch (error) {
      this.failure = (error as Error).message;
    }
  }
}
