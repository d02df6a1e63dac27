import { InvalidArgumentError } from 'commander';

export function parseSeed(text: string): number {
  const seed = Number(text);
  if (text === '' || !Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31)
    throw new InvalidArgumentError(`expected a whole number from 0 to ${2 ** 31 - 1}`);
  return seed;
}

export function parseJobs(text: string): number | 'auto' {
  const jobs = Number(text);
  if (text === 'auto') return text;
  if (text === '' || !Number.isInteger(jobs) || jobs < 1 || jobs > 64)
    throw new InvalidArgumentError('expected a whole number from 1 to 64, or auto');
  return jobs;
}
