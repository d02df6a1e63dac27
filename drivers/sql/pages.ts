import { seededWords } from '../../core/random.ts';

/** As many of the pages as wanted, or all, in ascending order. */
export function choosePages(pages: readonly number[], wanted: number, seed: number): number[] {
  const word = seededWords(seed);
  const left = [...pages];
  for (let i = left.length - 1; i > 0; i -= 1) {
    const other = word() % (i + 1);
    [left[i], left[other]] = [left[other]!, left[i]!];
  }
  return left.slice(0, wanted).sort((a, b) => a - b);
}
