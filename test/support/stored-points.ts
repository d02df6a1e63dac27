import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredPoint } from '../../core/recovery-point.ts';

/** What a store of a drill that was kept shows: what looks like a recovery point to whoever restores. */
export const pointsIn = (folder: string, store = '*'): StoredPoint[] =>
  globSync(`stores/${store}/**/point.json`, { cwd: folder }).map(
    (path) => JSON.parse(readFileSync(join(folder, path), 'utf8')) as StoredPoint,
  );
