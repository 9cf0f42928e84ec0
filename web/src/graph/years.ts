// Years as steps of a scale of colours.

const STEPS = 6;

export interface YearStep {
  /** First and last year of the step. */
  from: number;
  to: number;
}

/** Steps of equal length over the years, as few as there are years. */
export function stepsOf(years: number[]): YearStep[] {
  if (!years.length) return [];
  const [first, last] = [Math.min(...years), Math.max(...years)];
  const length = Math.ceil((last - first + 1) / STEPS);
  const steps: YearStep[] = [];
  for (let from = first; from <= last; from += length) steps.push({ from, to: Math.min(last, from + length - 1) });
  return steps;
}

/** The CSS class of a year's colour; the newest has the highest number. */
export function yearClass(year: number | undefined, steps: YearStep[]): string {
  const step = year === undefined ? -1 : steps.findIndex(({ from, to }) => from <= year && year <= to);
  return step < 0 ? "year-unknown" : `year-${STEPS - steps.length + step}`;
}
