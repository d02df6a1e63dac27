import { globSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { packageRoot } from '../stack/package-root.ts';
import { schemasFor, write } from './init-files.ts';
import { short } from './output.ts';

const stack = 'docker-compose.yml';

/**
 * The stack that comes with Muster, its strategy and its drills, as files to look at, to run and to change.
 * Gives the exit code.
 */
export function initExample(at: string, flags: { out?: string; force?: boolean }): number {
  const out = resolve(at, flags.out ?? 'muster');
  const schema = schemasFor(at, out);
  const drills = join(packageRoot, 'scenarios/reference');
  const files = Object.fromEntries(
    globSync('*.yaml', { cwd: drills })
      .sort()
      .map((name) => [name, asOwn(readFileSync(join(drills, name), 'utf8'), schema.of)]),
  );
  write(
    out,
    { [stack]: readFileSync(join(packageRoot, stack), 'utf8'), ...files, ...schema.files },
    flags.force === true,
  );
  const some = ['redis-volume-lost', 'mysql-pages-corrupted'].map((name) => short(join(out, `${name}.yaml`)));
  process.stdout.write(
    `wrote ${short(out)}: a stack (${basename(stack)}), its strategy, and ${Object.keys(files).length - 1} drills\n\nNext: muster plan ${some.join(' ')}\n      muster run ${some[0]}\n`,
  );
  return 0;
}

/** As it is beside its stack, and not in the folders of Muster. */
const asOwn = (text: string, schemaFor: (which: 'strategy' | 'scenario') => string): string =>
  text
    .replace(/^stack: .*$/m, `stack: ./${stack}`)
    .replace(
      /^(# yaml-language-server: \$schema=)\S*\/(strategy|scenario)\.schema\.json$/m,
      (_, line: string, which: 'strategy' | 'scenario') => `${line}${schemaFor(which)}`,
    );
