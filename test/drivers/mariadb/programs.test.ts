import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Service } from '../../../core/service.ts';
import { mariadb } from '../../../drivers/mariadb/product.ts';
import { findPrograms } from '../../../drivers/mysql/programs.ts';
import { scratch } from '../../support/scratch.ts';

/** A folder of programs as an image has them, and a shell that sees no others. */
function image(programs: Record<string, string>): Pick<Service, 'exec'> {
  const folder = mkdtempSync(join(scratch, 'programs-'));
  symlinkSync('/bin/grep', join(folder, 'grep'));
  for (const [name, help] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${help}'\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return {
    exec: ([, ...args], options) =>
      new Promise((resolve) => {
        execFile('/bin/sh', args, { env: { ...options?.env, PATH: folder } }, (error, stdout, stderr) =>
          resolve({ code: error ? 1 : 0, stdout, stderr }),
        );
      }),
  };
}
const found = (programs: Record<string, string>) => findPrograms(image(programs) as Service, mariadb);

test('the names of MariaDB come first', async () => {
  const names = [
    'mariadbd',
    'mariadb',
    'mariadb-admin',
    'mariadb-dump',
    'mariadb-binlog',
    'mariadb-install-db',
  ];
  const all = [...names, 'mysqld', 'mysql', 'mysqladmin', 'mysqldump', 'mysqlbinlog', 'mysql_install_db'];
  const { programs } = await found(Object.fromEntries(all.map((name) => [name, ''])));
  expect(Object.values(programs)).toEqual(names);
});

test('an older image has those of MySQL', async () => {
  const names = ['mysqld', 'mysql', 'mysqladmin', 'mysqldump', 'mysqlbinlog', 'mysql_install_db'];
  const { programs } = await found(Object.fromEntries(names.map((name) => [name, ''])));
  expect(Object.values(programs)).toEqual(names);
});

test.each([
  ['-H, --dump-history  Dump system-versioned tables with history', ['--dump-history']],
  ['--dump-slave', []],
])('a dump whose help says %s has the options %j', async (help, options) =>
  expect((await found({ 'mariadb-dump': help })).dumpOptions).toEqual(options),
);
