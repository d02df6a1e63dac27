import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { eventsOf } from '../../core/timeline.ts';
import { leftOf } from '../stack/small-stack.ts';
import { jsonOf } from '../support/muster.ts';
import { isInNoEvidence, passed } from '../support/project-copy.ts';
import { drillProject, type ProjectDrill, type ProjectDrilled } from '../support/project-drill.ts';
import { findingsThat } from '../support/real-drill.ts';

const password = 'letters-and-stamps';

interface Press {
  /** In the place of the script that the sidecar runs. */
  dumping?: string;
  follow?: Record<string, unknown>;
  scenario?: Record<string, unknown>;
}

const config = { volatileTables: ['public.letter'] };
const strategyOf = (follow: object): object => ({
  strategy: 'press',
  stack: '../compose.yml',
  components: {
    db: {
      driver: 'postgres',
      config,
      objectives: { rto: '10m', rpo: '48h' },
      backups: {
        sidecar: {
          method: 'command',
          every: '24h',
          copies: ['here'],
          options: {
            follow: {
              service: 'backup',
              begins: '/tmp/press.sql',
              schedule: { env: 'BACKUP_INTERVAL', drill: '5', every: '15s' },
              ...follow,
            },
            restore: { command: ['sh', '-c', '/backup/restore.sh "$MUSTER_FILE"'], in: 'backup' },
            produces: { files: '/dumps/press-*.sql.gz', atLeast: '100B' },
          },
        },
      },
    },
  },
  stores: { here: { kind: 'directory' } },
});
const scenarioOf = (change: object): object => ({
  scenario: 'press',
  strategy: './strategy.yaml',
  title: 'The queue loses its data, and what its sidecar left brings it back',
  load: { records: { target: 'db', rate: '50/s' } },
  protect: ['db.sidecar'],
  points: 2,
  fault: { 'wipe-volume': 'db', at: 'worst' },
  recover: [{ restore: 'db', from: 'here' }],
  check: ['ledger', 'db.inventory'],
  giveUp: '6s',
  ...change,
});

const drill = ({ dumping, follow = {}, scenario = {} }: Press): Promise<ProjectDrilled> =>
  drillProject({
    project: 'press',
    scripts: dumping === undefined ? {} : { 'backup/keep-dumping.sh': dumping },
    files: { strategy: strategyOf(follow), scenario: scenarioOf(scenario) },
    password,
  });

/** What the worker changes in no letter. */
const letters = "SELECT 1 / (count(*) = 400)::int FROM letter WHERE body LIKE '%✉'";
const whole = ['psql', '-qAt', '-U', 'press', '-c', letters];

/** What the sidecar left, in a restore test: by its own script, and by one that restores nothing. */
const restoredAnew: NonNullable<ProjectDrill['afterwards']> = async ({ folder, muster }) => {
  const asked = [
    'restore-test',
    'muster/strategy.yaml',
    'db',
    '--from',
    'here',
    '--check',
    'whole',
    '--json',
  ];
  await passed(await muster(...asked));
  isInNoEvidence({ folder }, [password]);
  writeFileSync(join(folder, 'backup/restore.sh'), '#!/bin/sh\necho "restored $1"\n');
  const spoilt = await muster(...asked);
  const [one] = jsonOf<{ drills: { result: DrillResult }[] }>(spoilt).drills;
  const { result } = one ?? expect.fail(`nothing was judged: ${spoilt.stderr}`);
  expect(spoilt.code).toBe(1);
  expect(findingsThat('fail', result)).toContain('check/whole');
  expect(await leftOf(result.drill)).toEqual([]);
};

/** Again and again, as the sidecar of the project does. */
const again = (dump: string): string =>
  `while :; do f=/dumps/press-$(date +%s).sql.gz; ${dump}; sleep "$BACKUP_INTERVAL"; done`;

describe('a queue whose sidecar dumps it by its own clock', { timeout: 900_000 }, () => {
  test('from `init` on: it is followed, and brought back by what it left, which passes a restore test', async () => {
    const { result, events, red, planned } = await drillProject({
      project: 'press',
      files: 'init',
      scenario: 'db-volume-lost',
      // Which tables the worker changes by itself, as init asks.
      edit: (text) => {
        expect(text).toContain('Guess: nothing but a drill changes its rows');
        expect(text).toContain('kind: directory');
        return `${text
          .replace('driver: postgres\n', `driver: postgres\n    config: ${JSON.stringify(config)}\n`)
          .replace(
            'kind: directory',
            'kind: directory, path: ./kept',
          )}\ninvariants: { whole: { command: ${JSON.stringify(whole)}, in: db } }\n`;
      },
      password,
      afterwards: restoredAnew,
    });
    expect([planned.stderr, planned.code]).toEqual(['', 0]);
    expect(planned.stdout).toContain('BACKUP_INTERVAL of backup: "5" in the drill\'s copy');
    expect(planned.stdout).toContain('followed: backup makes it every 24h (here every 15s');
    expect(red).toEqual([]);
    expect(result.verdict).toBe('pass');
    const [schedule] = eventsOf(events, 'schedule.begun');
    expect(schedule!.data).toMatchObject({
      intervalMs: 86_400_000,
      scaledMs: 15_000,
      follows: { service: 'backup', set: { name: 'BACKUP_INTERVAL', value: '5' } },
    });
    const [durable] = eventsOf(events, 'backup.durable');
    const begun = eventsOf(events, 'backup.begun').find(({ data }) => data.id === durable!.data.id)!;
    expect(durable!.data).toMatchObject({
      payload: 'files',
      copies: ['here'],
      consistentAtMs: begun.data.lastWithoutMs,
    });
    // Muster runs nothing but the restore.
    expect(eventsOf(events, 'command.begun').map(({ data }) => data.command.at(-1))).toEqual([
      '/backup/restore.sh "$MUSTER_FILE"',
    ]);
    const rpo = result.findings.find(({ id }) => id === 'rpo/db')!;
    expect(rpo.detail).toContain('interval 24 h (declared)');
  });

  test.each<[string, string, RegExp]>([
    ['writes nothing', 'exec sleep 100000', /backup has left nothing new in 30 s/],
    ['writes an empty file', again(': > "$f"'), /press-\d+\.sql\.gz of backup is no backup: it is empty/],
    [
      'writes half a file',
      again('pg_dump --clean --if-exists | gzip | head -c 400 > "$f"'),
      /press-\d+\.sql\.gz of backup is no backup: it is no whole gzip archive/,
    ],
    [
      'writes the same bytes again',
      `pg_dump --clean --if-exists | gzip > /tmp/once; ${again('cp /tmp/once "$f"')}`,
      /backup left the same as the time before/,
    ],
    [
      'dumps another database, which never changes',
      again('pg_dump --clean --if-exists postgres | gzip > "$f"'),
      /backup left the same as the time before/,
    ],
    [
      'hides a dead dump behind a pipe',
      again('pg_dump press_production | gzip > "$f"'),
      /press-\d+\.sql\.gz of backup is no backup: it is a gzip archive of nothing/,
    ],
  ])(
    'one that %s makes no recovery point, which is said before anything is broken',
    async (_, dumping, reason) => {
      const { result, events, red } = await drill({ dumping, follow: { begins: [] } });
      expect(eventsOf(events, 'fault.begun')).toEqual([]);
      expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
      expect(red.join('\n')).toMatch(reason);
    },
  );
});
