import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const above = (folder: string): string => {
  const parent = dirname(folder);
  return existsSync(join(folder, 'package.json')) || parent === folder ? folder : above(parent);
};

/**
 * Where Muster itself lies: its sources, or what was built of them. What comes with it is found from here.
 */
export const packageRoot = above(import.meta.dirname);

/** Ending of a file of Muster's own that is run by its path: it is run as it was written, or built. */
export const moduleEnding = import.meta.filename.endsWith('.ts') ? '.ts' : '.js';
