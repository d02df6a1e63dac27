import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { muster } from '../support/muster.ts';
import { scratch } from '../support/scratch.ts';

test('F35: MariaDB and Valkey are found, and an older Redis is said to be none that is covered', async () => {
  const folder = mkdtempSync(join(scratch, 'init-too-old-'));
  const theirs = join(import.meta.dirname, '../../fixtures/field-cases/F35.compose.yml');
  copyFileSync(theirs, join(folder, 'compose.yml'));
  const env = {
    MUSTER_IMAGE_MARIADB: undefined,
    MUSTER_IMAGE_REDIS_7_0: undefined,
    MUSTER_IMAGE_VALKEY_8_1: undefined,
  };
  const made = await muster(['init', '--yes'], { cwd: folder, env });
  expect([made.stderr, made.code]).toEqual(['', 0]);
  expect(made.stdout).toContain(
    '  redis-old: image redis:6.2 is too old: its driver is for Redis 7.2 or later\n',
  );
  expect(made.stdout).toContain('mariadb: driver mariadb, by image mariadb:11.4');
  const { components } = parse(readFileSync(join(folder, 'muster/strategy.yaml'), 'utf8')) as {
    components: Record<string, { driver: string }>;
  };
  expect(Object.entries(components).map(([name, { driver }]) => [name, driver])).toEqual([
    ['mariadb', 'mariadb'],
    ['valkey', 'valkey'],
  ]);
  const planned = await muster(['plan', 'muster/mariadb-volume-lost.yaml'], { cwd: folder, env });
  expect([planned.stderr, planned.code]).toEqual(['', 0]);
});
