/** Numbers, times and sizes as people read them. */

/** Six significant digits at most; small and large magnitudes in scientific notation; non-finite spelled out. */
export function number(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return minus(value.toLocaleString("en-US"));
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return minus(trim(value.toExponential(3)).replace("e+", "e"));
  return minus(trim(value.toPrecision(size >= 1000 ? 7 : 5)));
}

/** What has to be added to get from one value to another, to three digits: `+0.021`. */
export function difference(value: number): string {
  const short = number(Number(value.toPrecision(3)));
  return value > 0 ? `+${short}` : short;
}

/** For axis ticks: as short as the distance between two of them allows. */
export function tick(value: number, step: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size !== 0 && (size < 1e-4 || step < 1e-4)))
    return minus(value.toExponential(step < size / 20 ? 2 : 0));
  for (const [unit, name] of UNITS) {
    if (size >= unit) return minus(trim((value / unit).toFixed(decimals(step / unit)))) + name;
  }
  return minus(trim(value.toFixed(decimals(step))));
}

const UNITS = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** `3d 4h`, `2h 05m`, `4m 12s`, `8.1s`, `340ms`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "–";
  if (seconds < 1) return `${Math.round(seconds * 1000)}ms`;
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  const whole = Math.floor(seconds);
  const [days, hours, minutes] = [
    Math.floor(whole / 86400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
  ];
  if (days) return `${days}d ${hours}h`;
  if (hours) return `${hours}h ${String(minutes).padStart(2, "0")}m`;
  return `${minutes}m ${String(whole % 60).padStart(2, "0")}s`;
}

/** How long ago, in one unit: `just now`, `12 min`, `3 h`, `5 d`, then the date. Both in seconds since the epoch. */
export function ago(then: number, now: number): string {
  const seconds = now - then;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 14 * 86400) return `${Math.round(seconds / 86400)} d ago`;
  return date(then);
}

/** Local `2026-03-01`. */
export function date(seconds: number): string {
  const at = new Date(seconds * 1000);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Local `2026-03-01 14:05:09`. */
export function moment(seconds: number): string {
  const at = new Date(seconds * 1000);
  return `${date(seconds)} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `812 B`, `4.2 kB`, `1.3 GB` (powers of 1000). */
export function bytes(size: number): string {
  let value = size;
  for (const unit of ["B", "kB", "MB", "GB", "TB"]) {
    if (value < 999.5) return unit === "B" ? `${value} B` : `${value.toPrecision(value < 99.5 ? 2 : 3)} ${unit}`;
    value /= 1000;
  }
  return `${value.toPrecision(3)} PB`;
}

/** Any config or summary value in one line; of media the kind. */
export function value(it: unknown): string {
  if (it === null || it === undefined) return "–";
  if (typeof it === "number") return number(it);
  if (typeof it === "string") return it;
  if (typeof it === "boolean") return it ? "true" : "false";
  if (typeof it === "object" && "_type" in it) return String(it._type).replace(/-file$/, "");
  return JSON.stringify(it);
}

/** The fewest digits behind the point that tell multiples of `step` apart: one for 2.5, two for 0.25. */
function decimals(step: number): number {
  for (let digits = 0; digits < 8; digits++) {
    const scaled = step * 10 ** digits;
    if (scaled >= 1 - 1e-9 && Math.abs(scaled - Math.round(scaled)) < 1e-6) return digits;
  }
  return step > 0 ? Math.max(0, Math.min(8, Math.ceil(-Math.log10(step) - 1e-9))) : 0;
}

function trim(text: string): string {
  return text.replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "");
}

/** A true minus sign is as wide as a plus and does not break a line. */
function minus(text: string): string {
  return text.replace(/-/g, "−");
}

function two(part: number): string {
  return String(part).padStart(2, "0");
}
