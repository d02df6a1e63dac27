import { describe, expect, test } from 'vitest';
import { usualOf } from '../../cli/init-service.ts';
import { init, project, unwrapped } from './init-rig.ts';

const db = (labels: Record<string, string>, more = ''): string => `
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: x }
    labels: ${JSON.stringify(labels)}
    volumes: ["data:/var/lib/postgresql/data", "./ops:/ops:ro", "./out:/out"]${more}`;
const projectOf = (services: string, files: Record<string, string> = {}) =>
  project('', { 'compose.yml': `services:${services}\nvolumes: { data: }\n`, ...files });

const ofelia = `
  ofelia:
    image: mcuadros/ofelia
    command: daemon --docker
    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]`;
const nightly = {
  'ofelia.enabled': 'true',
  'ofelia.job-exec.nightly.schedule': '0 30 2 * * *',
  'ofelia.job-exec.nightly.command': '/ops/nightly.sh --all "two words"',
  'ofelia.job-exec.vacuum.schedule': '@hourly',
  'ofelia.job-exec.vacuum.command': 'vacuumdb --all',
};
const dumping = { 'ops/nightly.sh': 'pg_dump app > /out/app.sql # the backup' };
const restoring = { 'ops/restore.sh': 'until pg_isready; do :; done; psql < "$1"' };

describe('muster init, of a backup that labels schedule,', { concurrent: true }, () => {
  test('has a drill run what ofelia would, as often, and leaves ofelia away', async () => {
    const labels = { ...nightly, 'ofelia.job-exec.nightly.command': '/ops/backup-all.sh --all "two words"' };
    const files = { 'ops/backup-all.sh': dumping['ops/nightly.sh'], ...restoring };
    const { strategy, text, stdout } = await init(projectOf(db(labels) + ofelia, files));
    expect(strategy.components['db']!.backups).toEqual({
      scripts: {
        method: 'command',
        every: '24h',
        copies: ['here'],
        options: {
          backup: { command: ['/ops/backup-all.sh', '--all', 'two words'], in: 'db' },
          restore: { command: ['sh', '-c', '/ops/restore.sh "$MUSTER_FILE"'], in: 'db' },
          produces: { files: '/out/app.sql', atLeast: '100B' },
        },
      },
    });
    expect(unwrapped(text)).toContain(
      'The label ofelia.job-exec.nightly.command of db says what backs it up',
    );
    expect(stdout).toContain('ofelia.job-exec.nightly.command of db: a drill runs it by its own clock');
    expect(stdout).toMatch(/ofelia: it could reach this machine/);
    expect(stdout).toMatch(/no schedule in labels of db is carried out in a drill \(ofelia\.job-exec\./);
    expect(stdout).not.toContain('vacuumdb');
  });
  test.each<[string, Record<string, string>, RegExp]>([
    [
      'whose files nothing says',
      { 'ops/backup-all.sh': 'dump-it-all', ...restoring },
      /does not say which files it leaves/,
    ],
    [
      'that nothing restores',
      { 'ops/backup-all.sh': dumping['ops/nightly.sh'] },
      /no script that restores what it leaves/,
    ],
  ])('does not have it run one %s, and says why', async (_, files, why) => {
    const labels = { ...nightly, 'ofelia.job-exec.nightly.command': '/ops/backup-all.sh' };
    const { strategy, stdout } = await init(projectOf(db(labels) + ofelia, files));
    expect(Object.keys(strategy.components['db']!.backups)).toEqual(['main']);
    expect(stdout).toMatch(
      /ofelia\.job-exec\.nightly in the labels of db looks like a backup of your own, and no drill/,
    );
    expect(stdout).toMatch(why);
  });

  const packing = (environment: object, volumes: readonly string[]): string => `
  backup:
    image: offen/docker-volume-backup:v2
    environment: ${JSON.stringify(environment)}
    volumes: ${JSON.stringify(['data:/backup/data:ro', ...volumes])}`;
  const stopping = { 'docker-volume-backup.stop-during-backup': 'true' };

  test('follows one that packs volumes, by its own variables', async () => {
    const environment = {
      BACKUP_CRON_EXPRESSION: '0 3 * * *',
      BACKUP_FILENAME: 'db-%Y-%m-%dT%H-%M-%S.{{ .Extension }}',
    };
    const { strategy, stdout } = await init(
      projectOf(db({}) + packing(environment, ['./archive:/archive']), restoring),
    );
    expect(strategy.components['db']!.backups['sidecar']).toMatchObject({
      method: 'command',
      every: '24h',
      options: {
        follow: {
          service: 'backup',
          schedule: { env: 'BACKUP_CRON_EXPRESSION', drill: '* * * * *', every: '1m' },
        },
        produces: { files: '/archive/db-*' },
      },
    });
    expect(stdout).toContain('BACKUP_CRON_EXPRESSION of backup: "* * * * *" in the drill\'s copy');
  });
  test.each<[string, string, RegExp]>([
    [
      'that stops its database by the socket',
      db(stopping) + packing({}, ['./archive:/archive', '/var/run/docker.sock:/var/run/docker.sock:ro']),
      /by the engine's socket, which no drill gives it: nobody would stop db \(docker-volume-backup\.stop-during-backup\)/,
    ],
    [
      'whose database would have to be stopped',
      db(stopping) + packing({}, ['./archive:/archive']),
      /has it stopped meanwhile, which nobody does in a drill/,
    ],
    [
      'that puts them into a bucket',
      db({}) + packing({ AWS_S3_BUCKET_NAME: 'nightly', AWS_S3_PATH: 'shop' }, []),
      /puts them into the bucket nightly: .*objects: shop/,
    ],
    [
      'that keeps them in its container',
      db({}) + packing({}, []),
      /leaves them in \/archive, which is on no volume/,
    ],
  ])('does not follow one %s, and says why', async (_, services, why) => {
    const { strategy, stdout } = await init(projectOf(services, restoring));
    expect(Object.keys(strategy.components['db']!.backups)).toEqual(['main']);
    expect(stdout).toMatch(/backup looks like a backup sidecar, and no drill follows it/);
    expect(stdout).toMatch(why);
  });
  test('plan says of the label that has a database stopped that nobody does so', async () => {
    const { stdout } = await init(projectOf(db(stopping)));
    expect(stdout).toMatch(
      /nobody stops db in a drill while its files are packed \(docker-volume-backup\.stop/,
    );
  });
});

test.each([
  ['@daily', '24h'],
  ['30 2 * * *', '24h'],
  ['0 30 2 * * *', '24h'],
  ['0 * * * *', '1h'],
  ['@every 6h', '6h'],
  ['0 3 * * 1', null],
])('%s is every %s', (text, every) => expect(usualOf(text)).toBe(every));
