import { readFileSync, readdirSync } from 'node:fs';

/** Processes that a process started and that are there. */
export const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => {
      try {
        return /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1] === String(pid);
      } catch {
        return false;
      }
    });
/** A process that has ended lives no more, whether or not its parent has asked about it. */
export const lives = (pid: number): boolean => {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
/** Processes that live and have a text among their arguments. */
export const runningWith = (text: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return lives(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    });
