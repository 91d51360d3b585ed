/** Numbers, times and sizes as people read them. */

/** Whole numbers below 10¹⁵ exactly; others with six significant digits, or two behind the point if that is more. Very
 * small and large ones are in scientific notation, non-finite ones are spelled out. */
export function number(value: number): string {
  return shown(value, 6);
}

/** Like `number`, with as many more digits as it takes to be off by at most `error`. */
export function precise(value: number, error: number): string {
  if (!Number.isFinite(value)) return number(value);
  let digits = 6;
  while (digits < 17 && !(Math.abs(Number(value.toPrecision(digits)) - value) <= error)) digits++;
  return shown(value, digits);
}

function shown(value: number, digits: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return minus(grouped(String(value === 0 ? 0 : value)));
  if (size < 1e-4 || size >= 1e15) return minus(trim(value.toExponential(digits - 1)).replace("e+", "e"));
  const whole = size < 1 ? 0 : Math.floor(Math.log10(size)) + 1;
  return minus(grouped(trim(value.toPrecision(Math.min(17, Math.max(digits, whole + 2))))));
}

/** What has to be added to get from one value to another, to three digits: `+0.021`. */
export function difference(value: number): string {
  const short = number(Number(value.toPrecision(3)));
  return value > 0 ? `+${short}` : short;
}

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

/** Local `2026-03-01`; of a time beyond what a date can hold, the year. */
export function date(seconds: number): string {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return beyond(seconds);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Local `2026-03-01 14:05:09`. */
export function moment(seconds: number): string {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return beyond(seconds);
  return `${date(seconds)} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** UTC `2026-03-01T14:05:09.000Z`. */
export function utc(seconds: number): string {
  const at = new Date(seconds * 1000);
  return Number.isNaN(at.getTime()) ? beyond(seconds) : at.toISOString();
}

function beyond(seconds: number): string {
  return Number.isFinite(seconds) ? `year ${Math.floor(1970 + seconds / 31556952)}` : "";
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

/** Any value in one line, numbers with every digit: where two differ, they look different. */
export function exact(it: unknown): string {
  return typeof it === "number" ? precise(it, 0) : value(it);
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

/** Without zeros at the end of a fraction. */
export function trim(text: string): string {
  return text.replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "");
}

/** A true minus sign is as wide as a plus and does not break a line. */
export function minus(text: string): string {
  return text.replace(/-/g, "−");
}

/** `-1234567.25` with commas between thousands. */
export function grouped(text: string): string {
  return text.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
}

function two(part: number): string {
  return String(part).padStart(2, "0");
}
