import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { scratch } from './scratch.ts';

// Run anew with each test file, also where their modules are shared: so no file finds what another left.
afterAll(() => {
  for (const name of readdirSync(scratch)) rmSync(join(scratch, name), { recursive: true, force: true });
});
