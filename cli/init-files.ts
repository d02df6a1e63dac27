import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { inputError } from '../core/errors.ts';
import { packageRoot } from '../stack/package-root.ts';
import { short } from './output.ts';
import { schemaOf } from './schema.ts';

export const asPath = (path: string): string => (path.startsWith('.') ? path : `./${path}`);

/** The installed package's schemas where there is one; else copies beside, which outlive a cache of npx. */
export function schemasFor(
  folder: string,
  out: string,
): { of(which: 'strategy' | 'scenario'): string; files: Record<string, string> } {
  const installed = join(folder, 'node_modules', 'muster-drill');
  if (existsSync(installed) && resolve(packageRoot).startsWith(resolve(folder)))
    return {
      of: (which) => asPath(relative(out, join(installed, 'fixtures/schemas', `${which}.schema.json`))),
      files: {},
    };
  const name = (which: string): string => `schemas/${which}.schema.json`;
  return {
    of: (which) => `./${name(which)}`,
    files: Object.fromEntries(
      (['strategy', 'scenario'] as const).map((which) => [
        name(which),
        `${JSON.stringify(schemaOf(which), null, 2)}\n`,
      ]),
    ),
  };
}

/** All or none: a file that is there already is somebody's. */
export function write(out: string, files: Record<string, string>, force: boolean): void {
  const there = Object.keys(files).filter((name) => existsSync(join(out, name)));
  if (there.length > 0 && !force)
    throw inputError('some of the files are there already, and nothing was written', {
      found: there.map((name) => short(join(out, name))).join(', '),
      hint: '--force writes over them; --out names another folder',
    });
  for (const [name, text] of Object.entries(files)) {
    const file = join(out, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.part`, text);
    renameSync(`${file}.part`, file);
  }
}
