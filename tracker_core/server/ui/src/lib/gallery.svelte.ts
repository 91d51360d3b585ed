/** Media of several runs under some keys, for a panel that is seen. */

import type { BoardState } from "./board.svelte";
import type { RunMedia } from "./medialoader";
import type { Member } from "./panel";
import type { MediaSeries } from "./wire";

export type Shown = { member: Member; series: MediaSeries[] };

export class Gallery {
  failure = $state<string | null>(null);
  private answer = $state.raw<RunMedia[] | null>(null);
  private asked = "";

  /** At most `runs` of the members, those that have any of the keys. Call it in an effect: it asks only when a run
   * logged media, or when something else is wanted. */
  async look(
    board: BoardState,
    members: readonly Member[],
    keys: readonly string[],
    runs: number,
    most: number,
  ): Promise<void> {
    const wish = { runs: members.map((it) => it.key), keys: [...keys], most, limit: runs };
    const asked = JSON.stringify([wish, wish.runs.map((run) => board.byKey.get(run)?.media ?? 0)]);
    if (asked === this.asked) return;
    this.asked = asked;
    try {
      const answer = await board.gallery.get(wish);
      if (this.asked !== asked) return;
      if (this.answer === null || !same(this.answer, answer)) this.answer = answer;
      this.failure = null;
    } catch (error) {
      if (this.asked !== asked) return;
      this.failure = (error as Error).message;
      this.asked = ""; // the next change asks again
    }
  }

  /** Null until the first answer. */
  shown(members: readonly Member[]): Shown[] | null {
    if (this.answer === null) return null;
    const byKey = new Map(members.map((member) => [member.key, member]));
    return this.answer.flatMap(({ run, series }) => {
      const member = byKey.get(run);
      return member ? [{ member, series }] : [];
    });
  }
}

function same(left: readonly RunMedia[], right: readonly RunMedia[]): boolean {
  return (
    left.length === right.length &&
    left.every(
      ({ run, series }, i) =>
        run === right[i]!.run &&
        series.length === right[i]!.series.length &&
        series.every((it, at) => it === right[i]!.series[at]),
    )
  );
}
