import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { inMemory } from './in-memory.ts';

/**
 * Folders of drills, and whatever else goes with the test file: a worker runs one after the other, and
 * `fresh-scratch.ts` empties it between them.
 */
export const scratch = mkdtempSync(join(inMemory, 'scratch-'));
