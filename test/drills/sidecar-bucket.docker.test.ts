import { describe, expect, test } from 'vitest';
import { eventsOf } from '../../core/timeline.ts';
import { drillProject, type ProjectDrilled } from '../support/project-drill.ts';

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
