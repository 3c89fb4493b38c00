/** The memory of a process at one time, in megabytes; `anonymous` is its allocated memory, mainly the heap. */
export interface Sample {
  readonly seconds: number;
  readonly resident: number;
  readonly anonymous: number;
}

/** The growth of the mean of the last third over that of the first: 0.1 is ten per cent. */
export function growth(series: readonly number[]): number {
  const third = Math.max(1, Math.floor(series.length / 3));
  const first = mean(series.slice(0, third));
  return first === 0 ? 0 : mean(series.slice(-third)) / first - 1;
}

/** The growth of the resident memory in megabytes per hour, by least squares. */
export function slope(samples: readonly Sample[]): number {
  const hours = samples.map(({ seconds }) => seconds / 3_600);
  const sizes = samples.map(({ resident }) => resident);
  const [middle, level] = [mean(hours), mean(sizes)];
  const covariance = samples.reduce(
    (sum, { seconds, resident }) => sum + (seconds / 3_600 - middle) * (resident - level),
    0,
  );
  const variance = hours.reduce((sum, hour) => sum + (hour - middle) ** 2, 0);
  return variance === 0 ? 0 : covariance / variance;
}

function mean(series: readonly number[]): number {
  return series.length === 0 ? 0 : series.reduce((sum, one) => sum + one, 0) / series.length;
}
