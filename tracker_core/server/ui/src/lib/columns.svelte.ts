/** The columns of the runs table: which, in what order, how wide, and what of them stays in view. What was chosen stands
 * in the address, so that a link and a saved view show it; where nothing does, what this browser showed last. */

import type { BoardState } from "./board.svelte";
import { settings } from "./settings.svelte";
import type { View } from "./view.svelte";

const BESIDE = 68; // boxes and eyes
const LEAST = 60;
const FIELDS = 5;
const STANDARD: Record<string, number> = { name: 210, created: 110, tags: 170, notes: 170 };

export class Columns {
  /** The column whose edge is dragged. */
  private dragged = $state.raw<{ key: string; width: number } | null>(null);

  constructor(
    private readonly board: BoardState,
    private readonly view: View,
  ) {}

  private readonly standard = $derived.by(() => {
    const fields = (tree: string) => this.board.fields.filter((it) => it.key.startsWith(tree)).slice(0, FIELDS);
    const keys = [...fields("config."), ...fields("summary.")].map((it) => it.key);
    return ["state", "created", "duration", ...keys, "tags"];
  });
  private readonly asked = $derived.by(() =>
    this.view.columns.length ? this.view.columns : (settings.columns[this.board.key] ?? this.standard),
  );
  private readonly pinned = $derived.by(() => this.asked.filter((key) => this.view.pins.includes(key)));

  /** All but the name, which comes first. */
  readonly keys: string[] = $derived.by(() => [
    ...this.pinned,
    ...this.asked.filter((key) => !this.view.pins.includes(key)),
  ]);

  readonly template = $derived.by(
    () => `34px 34px ${["name", ...this.keys].map((key) => `${this.width(key)}px`).join(" ")}`,
  );

  /** Where a column that stays in view begins; nothing for the others. */
  readonly lefts = $derived.by(() => {
    let left = BESIDE + this.width("name");
    return new Map(
      this.pinned.map((key) => {
        const at = left;
        left += this.width(key);
        return [key, `${at}px`];
      }),
    );
  });

  get resizing(): boolean {
    return this.dragged !== null;
  }

  choose(keys: string[]): void {
    this.view.columns = settings.columns[this.board.key] = keys;
  }

  /** Puts a column before another one. */
  move(key: string, before: string): void {
    if (key === before || !this.keys.includes(key)) return;
    const rest = this.keys.filter((it) => it !== key);
    rest.splice(rest.indexOf(before), 0, key);
    this.choose(rest);
  }

  /** Follows the pointer until it lets go of the column's edge. */
  resize(event: PointerEvent, key: string): void {
    event.preventDefault();
    const [start, before] = [event.clientX, this.width(key)];
    const move = (to: PointerEvent) =>
      (this.dragged = { key, width: Math.max(LEAST, Math.round(before + to.clientX - start)) });
    const stop = () => {
      removeEventListener("pointermove", move);
      if (this.dragged === null) return;
      settings.widths[key] = this.dragged.width;
      this.view.widths = { ...this.view.widths, [key]: this.dragged.width };
      this.dragged = null;
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", stop, { once: true });
  }

  private width(key: string): number {
    if (this.dragged?.key === key) return this.dragged.width;
    return Number(this.view.widths[key]) || (settings.widths[key] ?? STANDARD[key] ?? 118);
  }
}
