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

/** Exponential moving average, divided by the weight seen so far: the first points are not drawn towards zero. */
function ema(values: Values, weight: number): (number | null)[] {
  let sum = 0;
  let seen = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return value;
    sum = weight * sum + (1 - weight) * value;
    seen = weight * seen + (1 - weight);
    return sum / seen;
  });
}

/** Gaussian kernel of standard deviation `sigma` points, cut at three of them and renormalised at the ends. */
function gaussian(values: Values, sigma: number): (number | null)[] {
  const reach = Math.ceil(3 * sigma);
  const kernel = Array.from({ length: reach + 1 }, (_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
  return values.map((value, at) => {
    if (value === null || !Number.isFinite(value)) return value;
    let sum = 0;
    let weight = 0;
    for (let i = Math.max(0, at - reach); i <= Math.min(values.length - 1, at + reach); i++) {
      const other = values[i];
      if (other === null || other === undefined || !Number.isFinite(other)) continue;
      const share = kernel[Math.abs(i - at)]!;
      sum += share * other;
      weight += share;
    }
    return sum / weight;
  });
}

/** Mean of the last `width` points that have a value. */
function runningMean(values: Values, width: number): (number | null)[] {
  const window: number[] = [];
  let sum = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return value;
    window.push(value);
    sum += value;
    if (window.length > width) sum -= window.shift()!;
    return sum / window.length;
  });
}
