import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { leftOf } from '../stack/small-stack.ts';
import { jsonOf } from '../support/muster.ts';
import { copyOf, passes } from '../support/project-copy.ts';
import { byScripts } from '../support/project-twins.ts';

/** As a user would ask it: more than none, and what is no question at all. */
const ask = (condition: string): object => ({
  command: [
    'sh',
    '-c',
    `[ "$(psql -U "$POSTGRES_USER" -tAc 'SELECT count(*) FROM ticket' "$POSTGRES_DB")" ${condition} ]`,
  ],
  in: 'db',
});

describe('a restore test, by scripts, of a help desk whose image fills an empty volume', {
  timeout: 600_000,
}, () => {
  const desk = copyOf('desk');
  const restoreTest = async (check: string): Promise<DrillResult> => {
    const ran = await desk.at('restore-test', 'muster/strategy.yaml', 'db', '--check', check, '--json');
    const [one] = jsonOf<{ drills: { result: DrillResult }[] }>(ran).drills;
    const { result } = one ?? expect.fail(`nothing was judged: ${ran.stderr}`);
    expect(ran.code).toBe(result.exitCode);
    expect(await leftOf(result.drill)).toEqual([]);
    return result;
  };
  const saying = ({ findings }: DrillResult): string[] =>
    findings.filter(({ verdict }) => verdict !== 'pass').map(({ id, verdict }) => `${verdict} ${id}`);

  beforeAll(async () => {
    mkdirSync(join(desk.folder, 'muster'));
    const strategy = {
      strategy: 'desk',
      stack: '../compose.yml',
      services: ['db'],
      components: { db: byScripts('/backups/*.sql.gz') },
      stores: { here: { kind: 'directory', path: join(desk.folder, 'muster/kept') } },
      invariants: { tickets: ask('-ge 500'), any: ask('!= none') },
    };
    const scenario = {
      scenario: 'desk',
      strategy: './strategy.yaml',
      title: 'The database loses its data, and its own scripts bring it back',
      load: { records: { target: 'db', rate: '50/s' } },
      protect: ['db.nightly'],
      points: 1,
      fault: { 'wipe-volume': 'db', at: 'worst' },
      recover: [{ restore: 'db', from: 'here' }],
      check: ['ledger', 'db.inventory'],
    };
    writeFileSync(join(desk.folder, 'muster/strategy.yaml'), JSON.stringify(strategy));
    writeFileSync(join(desk.folder, 'muster/drill.yaml'), JSON.stringify(scenario));
    await passes(desk, 'muster/drill.yaml');
  }, 600_000);
  afterAll(() => desk.remove());

  test('passes by what the backup holds', async () => {
    expect(saying(await restoreTest('tickets'))).toEqual([]);
  });

  test('is inconclusive by what holds of an empty server as well', async () => {
    expect(saying(await restoreTest('any'))).toEqual(['inconclusive restored']);
  });

  test('fails where a script restores nothing, though the image makes all of it by itself', async () => {
    writeFileSync(join(desk.folder, 'scripts/restore.sh'), '#!/bin/sh\necho "restored $1"\n');
    const result = await restoreTest('tickets');
    expect(result.exitCode).toBe(1);
    expect(saying(result)).toContain('fail check/tickets');
  });
});
