import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import type { DrillResult } from '../../core/result.ts';
import { eventsOf } from '../../core/timeline.ts';
import { leftOf } from '../stack/small-stack.ts';
import { s3ClientAt } from '../support/bucket.ts';
import { jsonOf } from '../support/muster.ts';
import { copyOf, isInNoEvidence } from '../support/project-copy.ts';
import { drillProject, type ProjectDrilled } from '../support/project-drill.ts';
import { findingsThat } from '../support/real-drill.ts';
import { imagesOf, runningCopy } from '../support/running-copy.ts';

const strategy = {
  strategy: 'courier',
  stack: '../compose.yml',
  components: {
    db: {
      driver: 'postgres',
      objectives: { rto: '10m', rpo: '48h' },
      backups: {
        sidecar: {
          method: 'command',
          every: '24h',
          copies: ['theirs'],
          options: {
            follow: {
              service: 'backup',
              begins: '/tmp/courier.sql',
              schedule: { env: 'BACKUP_INTERVAL', drill: '5', every: '15s' },
            },
            restore: { command: ['sh', '-c', '/backup/restore.sh "$MUSTER_REFERENCE"'], in: 'backup' },
            produces: { objects: 'courier/', in: 'theirs', atLeast: '100B' },
          },
        },
      },
    },
  },
  stores: { theirs: { kind: 's3', service: 'objects', bucket: 'nightly', versioning: false } },
};
const scenario = {
  scenario: 'courier',
  strategy: './strategy.yaml',
  title: 'The parcels are lost, and what the sidecar put into its bucket brings them back',
  load: { records: { target: 'db', rate: '50/s' } },
  protect: ['db.sidecar'],
  points: 1,
  fault: { 'wipe-volume': 'db', at: 'worst' },
  recover: [{ restore: 'db', from: 'theirs' }],
  check: ['ledger', 'db.inventory'],
  giveUp: '6s',
};

const drill = (uploading?: string): Promise<ProjectDrilled> =>
  drillProject({
    project: 'courier',
    scripts: uploading === undefined ? {} : { 'backup/keep-uploading.sh': uploading },
    files: { strategy, scenario },
    password: 'parcels-and-string',
  });
/** Again and again, under a key of its own each time. */
const again = (upload: string): string =>
  `/backup/s3.pl put '' < /dev/null; while :; do key=courier/$(date +%s).sql.gz; pg_dump --clean --if-exists | gzip > /tmp/whole; ${upload}; sleep "$BACKUP_INTERVAL"; done`;

describe('a courier whose sidecar dumps into a bucket by its own clock', { timeout: 600_000 }, () => {
  test('is brought back by an object that appeared there, which was hashed and recorded', async () => {
    const { result, events, red, planned } = await drill();
    expect([planned.stderr, planned.code]).toEqual(['', 0]);
    expect(red).toEqual([]);
    expect(result.verdict).toBe('pass');
    const [durable] = eventsOf(events, 'backup.durable');
    expect(durable!.data).toMatchObject({ payload: 'external', copies: ['theirs'] });
    const restored = eventsOf(events, 'command.begun').map(({ data }) => data.command.at(-1));
    expect(restored).toEqual(['/backup/restore.sh "$MUSTER_REFERENCE"']);
  });

  test.each<[string, string, RegExp]>([
    [
      'holds half of what was dumped',
      again('head -c 400 /tmp/whole | /backup/s3.pl put "$key"'),
      /courier\/\d+\.sql\.gz of backup is no backup: it is no whole gzip archive/,
    ],
    [
      'shrinks once it is there',
      again(
        '/backup/s3.pl put "$key" < /tmp/whole; sleep 1; head -c 400 /tmp/whole | /backup/s3.pl put "$key"',
      ),
      /courier\/\d+\.sql\.gz of backup shrank while it was looked at|is no whole gzip archive/,
    ],
  ])(
    'an object that %s is no recovery point, which is said before anything is broken',
    async (_, uploading, reason) => {
      const { result, events, red } = await drill(uploading);
      expect(eventsOf(events, 'fault.begun')).toEqual([]);
      expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
      expect(red.join('\n')).toMatch(reason);
    },
  );
});

/** Its own project runs, and its bucket is asked from this machine, as that of a provider would be. */
describe('what the sidecar of a courier left in its bucket', { timeout: 600_000 }, () => {
  const keys = { S3_ACCESS_KEY: 'COURIERACCESS', S3_SECRET_KEY: 'a-key-to-the-depot-only' };
  const env: Record<string, string> = {
    AWS_ACCESS_KEY_ID: keys.S3_ACCESS_KEY,
    AWS_SECRET_ACCESS_KEY: keys.S3_SECRET_KEY,
  };
  const courier = copyOf('courier', env);
  const before = courier.files();
  const file = join(courier.folder, 'compose.yml');
  const published = join(courier.folder, 'muster/published.yml');
  const environment: Record<string, string> = {};
  const { compose } = runningCopy({
    ...{ project: `courier-${process.pid}`, file, environment },
    ...{ containers: [], networks: [], volumes: [] },
  });
  let kept: () => Promise<string[]>;

  beforeAll(async () => {
    Object.assign(environment, await imagesOf(file));
    mkdirSync(join(courier.folder, 'muster'));
    writeFileSync(published, 'services: { objects: { ports: ["127.0.0.1::7070"] } }\n');
    const expected = {
      rows: { parcel: 300, sender: 40 },
      sql: { labelled: "SELECT count(*) = 300 FROM parcel WHERE what LIKE '%📦'" },
    };
    const db = {
      driver: 'postgres',
      objectives: { rto: '10m', rpo: '48h' },
      existing: { from: 's3://nightly/courier/*.sql.gz', expect: expected },
    };
    const whole = { strategy: 'courier', stack: '../compose.yml', components: { db } };
    writeFileSync(join(courier.folder, 'muster/strategy.yaml'), JSON.stringify(whole));
    compose('--file', published, 'up', '--detach', '--wait');
    const [host, port] = compose('--file', published, 'port', 'objects', '7070').trim().split(':');
    env['AWS_ENDPOINT_URL'] = `http://${host}:${port}`;
    kept = async () => {
      const client = s3ClientAt({ host: host!, port: Number(port) }, keys);
      const { Contents = [] } = await client
        .send(new ListObjectsV2Command({ Bucket: 'nightly' }))
        .finally(() => client.destroy());
      return Contents.map(({ Key, Size, ETag }) => `${Key} ${Size} ${ETag}`);
    };
    const isThere = (): Promise<boolean> =>
      kept().then(
        (all) => all.length > 0,
        () => false,
      );
    expect(await pollUntil(systemClock, { everyMs: 500, deadlineMs: 120_000 }, isThere)).toBe(true);
  }, 300_000);
  afterAll(() => {
    try {
      compose('down', '--volumes');
    } finally {
      courier.remove();
    }
  });

  const restoreTest = ['restore-test', 'muster/strategy.yaml', 'db', '--json'];

  test('is whole in a restore test that asks for its age alone, and stays as it is', async () => {
    const there = await kept();
    const ended = await courier.at(...restoreTest);
    const [one] = jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills;
    const open = one!.result.findings.filter(({ verdict }) => verdict !== 'pass').map(({ id }) => id);
    expect([ended.code, open], ended.stderr).toEqual([2, ['existing/db/freshness']]);
    expect(await leftOf(one!.result.drill)).toEqual([]);
    isInNoEvidence(courier, ['parcels-and-string', keys.S3_SECRET_KEY]);
    expect(await kept()).toEqual(there);
    expect(courier.files()).toEqual(before);
  });

  test('and is no pass where a parcel is missing', async () => {
    const ran = await courier.at(...restoreTest, '--rows', 'parcel=301');
    const [one] = jsonOf<{ drills: { result: DrillResult }[] }>(ran).drills;
    const { result } = one ?? expect.fail(`nothing was judged: ${ran.stderr}`);
    expect(ran.code).toBe(1);
    expect(findingsThat('fail', result)).toEqual(['check/db.rows.parcel']);
    expect(await leftOf(result.drill)).toEqual([]);
  });
});
