import { describe } from 'vitest';
import { everything } from '../support/tier.ts';

/**
 * One file, and so one after the other, whatever runs beside it: each of these asks what dead owners left,
 * and that is swept up by the next start of any Muster with a stack, and by `muster gc`.
 */
const accidents: Record<string, () => Promise<unknown>> = {
  'kill -9': () => import('./kill-tests.ts'),
  'one drill after another': () => import('./one-after-another-tests.ts'),
  'Ctrl-C': () => import('./ctrl-c-tests.ts'),
  'drills side by side': () => import('./side-by-side-tests.ts'),
  'faults in force': () => import('./faults-in-force-tests.ts'),
  'a region that is lost': () => import('./region-tests.ts'),
  'copies of folders': () => import('./copies-of-folders-tests.ts'),
  leftovers: () => import('../stack/leftovers-tests.ts'),
  ...(everything ? { 'every fault at once': () => import('./every-fault-tests.ts') } : {}),
};

for (const [what, tests] of Object.entries(accidents)) describe(what, async () => void (await tests()));
