/** Smoothing of one line. Gaps (null) stay gaps and do not pull their neighbours. */

export type Smoothing = { kind: "none" | "ema" | "gaussian" | "mean"; amount: number };
export type Values = readonly (number | null)[];

/** `amount`: the weight of the past in [0, 1) for `ema`, a width in points for the other two. */
export function smooth(values: Values, { kind, amount }: Smoothing): (number | null)[] {
  if (kind === "ema" && amount > 0) return ema(values, Math.min(amount, 0.9999));
  if (kind === "gaussian" && amount > 0) return gaussian(values, amount);
  if (kind === "mean" && amount > 1) return runningMean(values, Math.round(amount));
  return [...values];
}

/*
 * Every average is kept as a mean that moves towards each further value, never as a sum that is divided: so the average
 * of equal values is exactly that value, and a value that left the window leaves no rounding error behind.
 */

/** Exponential moving average, divided by the weight seen so far: the first points are not drawn towards zero. */
function ema(values: Values, weight: number): (number | null)[] {
  let mean = 0;
  let seen = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return value;
    seen = weight * seen + (1 - weight);
    mean += ((value - mean) * (1 - weight)) / seen;
    return mean;
  });
}

/** Gaussian kernel of standard deviation `sigma` points, cut at three of them and renormalised at the ends. */
function gaussian(values: Values, sigma: number): (number | null)[] {
  const reach = Math.ceil(3 * sigma);
  const kernel = Array.from({ length: reach + 1 }, (_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
  return values.map((value, at) => {
    if (value === null || !Number.isFinite(value)) return value;
    let away = 0;
    let weight = 0;
    for (let i = Math.max(0, at - reach); i <= Math.min(values.length - 1, at + reach); i++) {
      const other = values[i];
      if (other === null || other === undefined || !Number.isFinite(other)) continue;
      const share = kernel[Math.abs(i - at)]!;
      away += share * (other - value);
      weight += share;
    }
    return value + away / weight;
  });
}

type Mean = { count: number; mean: number };

const EMPTY: Mean = { count: 0, mean: 0 };

function together(one: Mean, other: Mean): Mean {
  const count = one.count + other.count;
  if (one.count === 0 || other.count === 0) return one.count ? one : other;
  return { count, mean: one.mean + ((other.mean - one.mean) * other.count) / count };
}

/** Mean of the last `width` points that have a value. A window is the end of one block of `width` points and the
 * beginning of the next, so nothing is ever subtracted again. */
function runningMean(values: Values, width: number): (number | null)[] {
  const known = values.filter((value) => value !== null && Number.isFinite(value)) as number[];
  const heads: Mean[] = new Array<Mean>(known.length);
  const tails: Mean[] = new Array<Mean>(known.length + 1).fill(EMPTY);
  known.forEach((mean, i) => (heads[i] = together(i % width ? heads[i - 1]! : EMPTY, { count: 1, mean })));
  for (let i = known.length - 1; i >= 0; i--) {
    tails[i] = together({ count: 1, mean: known[i]! }, (i + 1) % width ? tails[i + 1]! : EMPTY);
  }
  let at = -1;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return value;
    const first = ++at - width + 1;
    return first <= 0 || first % width === 0 ? heads[at]!.mean : together(tails[first]!, heads[at]!).mean;
  });
}
