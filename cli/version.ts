import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../stack/package-root.ts';

export const musterVersion = (): string =>
  (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
