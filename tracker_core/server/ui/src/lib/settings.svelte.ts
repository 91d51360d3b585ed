/** What one browser remembers for one person. */

export type Settings = {
  theme: "system" | "light" | "dark";
  /** How many runs the charts draw at most. */
  limit: number;
  chartHeight: number;
  palette: "standard" | "safe";
  /** Project key -> columns of the table, in order; the first `pinned` stay in view. */
  columns: Record<string, string[]>;
  widths: Record<string, number>;
};

const NAME = "tracker.settings";
const STANDARD: Settings = {
  theme: "system",
  limit: 50,
  chartHeight: 230,
  palette: "standard",
  columns: {},
  widths: {},
};

export const settings: Settings = $state({ ...STANDARD, ...stored() });

function stored(): Partial<Settings> {
  try {
    return JSON.parse(localStorage.getItem(NAME) ?? "{}") as Partial<Settings>;
  } catch {
    return {};
  }
}

/** Keeps what changes and dresses the page; call it inside an effect root. */
export function keep(): void {
  $effect(() => {
    try {
      localStorage.setItem(NAME, JSON.stringify(settings));
    } catch {
      // a browser without storage, or a full one, forgets
    }
    if (settings.theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = settings.theme;
  });
}

/** Counts changes of the colours on screen, whoever made them: what is drawn on a canvas must be drawn anew. */
export const theme = $state({ version: 0 });

export function watchTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme.version++);
  new MutationObserver(() => theme.version++).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}
