import { describe, expect, test } from 'vitest';
import { eventsOf } from '../../core/timeline.ts';
import { drillProject, type ProjectDrilled } from '../support/project-drill.ts';

const password = 'tickets-and-answers';

interface Desk {
  /** Scripts in the place of its own. */
  scripts?: Record<string, string>;
  options?: Record<string, unknown>;
  scenario?: Record<string, unknown>;
}

const inDb = (...command: string[]): Record<string, unknown> => ({ command, in: 'db' });
const strategyOf = (options: Record<string, unknown> = {}): object => ({
  strategy: 'desk',
  hostCommands: ['../nightly.sh', 'sh'],
  stack: '../compose.yml',
  components: {
    db: {
      driver: 'postgres',
      objectives: { rto: '10m', rpo: '24h' },
      backups: {
        nightly: {
          method: 'command',
          every: '12h',
          copies: ['here'],
          options: {
            backup: inDb('/scripts/backup.sh'),
            restore: inDb('sh', '-c', '/scripts/restore.sh "$MUSTER_FILE"'),
            produces: { files: '/backups/*.sql.gz' },
            ...options,
          },
        },
      },
    },
  },
  stores: { here: { kind: 'directory' } },
});
const scenarioOf = (change: Record<string, unknown> = {}): object => ({
  scenario: 'desk',
  strategy: './strategy.yaml',
  title: 'The help desk loses its data, and its own scripts bring it back',
  load: { records: { target: 'db', rate: '50/s' } },
  protect: ['db.nightly'],
  points: 1,
  fault: { 'wipe-volume': 'db', at: 'worst' },
  recover: [{ restore: 'db', from: 'here' }],
  check: ['ledger'],
  giveUp: '6s',
  ...change,
});

const drill = ({ scripts = {}, options, scenario }: Desk): Promise<ProjectDrilled> =>
  drillProject({
    project: 'desk',
    scripts: Object.fromEntries(Object.entries(scripts).map(([name, text]) => [`scripts/${name}`, text])),
    files: { strategy: strategyOf(options), scenario: scenarioOf(scenario) },
    flags: ['--allow-host-commands'],
    password,
  });

describe('a help desk with scripts of its own', { timeout: 900_000 }, () => {
  test('is backed up and restored by them, without an edit of its files', async () => {
    const { result, events, red } = await drill({});
    expect(red).toEqual([]);
    expect(result.verdict).toBe('pass');
    const [durable] = eventsOf(events, 'backup.durable');
    expect(durable!.data).toMatchObject({ payload: 'files', copies: ['here'] });
    expect(eventsOf(events, 'command.begun').map(({ data }) => data.in)).toContain('db');
  });

  /** Each ends with 0. */
  test.each<[string, string, RegExp]>([
    [
      'hides a dead dump behind a pipe',
      'pg_dump -U "$POSTGRES_USER" desk_production | gzip > /backups/desk-$(date +%s).sql.gz',
      /desk-\d+\.sql\.gz is no backup: it is a gzip archive of nothing/,
    ],
    [
      'breaks off in the middle of a dump',
      'pg_dump -U "$POSTGRES_USER" "$POSTGRES_DB" | head -c 5000 | gzip > /backups/desk-$(date +%s).sql.gz',
      /desk-\d+\.sql\.gz is no backup: it is a dump of pg_dump, and breaks off after 5000 bytes/,
    ],
  ])('a backup that %s is said to be none, before anything is broken', async (_what, script, reason) => {
    const { result, events, red } = await drill({ scripts: { 'backup.sh': script } });
    expect(eventsOf(events, 'fault.begun')).toEqual([]);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
    expect(red.join('\n')).toMatch(reason);
  });

  test('a restore that loads over what was left fails by what was never brought back', async () => {
    const { result, events, red } = await drill({
      scripts: {
        'backup.sh': 'pg_dump -U "$POSTGRES_USER" "$POSTGRES_DB" | gzip > /backups/desk-$(date +%s).sql.gz',
        'restore.sh': 'gunzip -c "$1" | psql -q -U "$POSTGRES_USER" "$POSTGRES_DB" 2>/dev/null; exit 0',
      },
      scenario: { fault: { 'delete-rows': 'db', table: 'public.answer', at: 'worst' } },
    });
    expect(eventsOf(events, 'step.ended').map(({ data }) => data.ok)).toEqual([true]);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
    expect(red.join('\n')).toMatch(/public\.answer|delete-rows/);
  });

  test('a restore that ends with 0 and put everything elsewhere fails by what is missing', async () => {
    const { result, events, red } = await drill({
      scripts: {
        'restore.sh':
          'until pg_isready -q -h 127.0.0.1 -U "$POSTGRES_USER"; do sleep 0.5; done; gunzip -c "$1" | psql -q -U "$POSTGRES_USER" postgres >/dev/null 2>&1; exit 0',
      },
    });
    expect(eventsOf(events, 'step.ended').map(({ data }) => data.ok)).toEqual([true]);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
    expect(red.join('\n')).toMatch(/^(?:integrity|rpo|rto|service)\//m);
  });

  test('in a container of its own a script is met at its first byte, and what it had by then is not taken', async () => {
    const login = 'PGHOST=$MUSTER_HOST PGUSER=$POSTGRES_USER exec /scripts/';
    const env = { PGPASSWORD: 'POSTGRES_PASSWORD' };
    const { events, red } = await drill({
      options: {
        backup: {
          ...inDb('sh', '-c', `(${login}full-backup.sh "$MUSTER_OUT"); code=$?; sleep 4; exit $code`),
          env,
          oneOff: true,
        },
        restore: { ...inDb('sh', '-c', `${login}full-restore.sh "$MUSTER_FROM"`), env, oneOff: true },
        produces: { files: '*.sql', atLeast: '1KiB' },
      },
      scenario: { fault: { 'wipe-volume': 'db', at: 'backup.uploading' } },
    });
    expect(red).toEqual([]);
    const [fault] = eventsOf(events, 'fault.begun');
    const failed = eventsOf(events, 'backup.failed').find(({ seq }) => seq > fault!.seq);
    expect(failed!.data.error).toMatch(/was under way when db was broken|ended with exit code|cut off/);
    const [fetched] = eventsOf(events, 'point.fetched');
    expect(fetched!.data.point).not.toBe(failed!.data.point);
    expect(eventsOf(events, 'command.begun').every(({ data }) => data.oneOff)).toBe(true);
  });

  /** Of the image that runs, into what is a folder of the user's in the compose file. */
  const ofTheEngine = 'DOCKER_CONTEXT=of-somebody-else docker compose ps -q db | grep -q . || exit 9';
  const runAnew =
    'MUSTER_IMAGE_POSTGRES=$(docker inspect -f "{{.Image}}" "$(docker compose ps -q db)") ' +
    'docker compose run --rm -T --no-deps --entrypoint sh db -c "date > /backups/stray" || exit 9';
  test('on the host a script finds the copy of the drill by Compose, as it finds the desk itself otherwise', async () => {
    const { result, events, red } = await drill({
      options: {
        backup: {
          command: ['sh', '-c', `${ofTheEngine}; ${runAnew}; exec "$0"`, '../nightly.sh'],
          in: 'host',
        },
        restore: { command: ['sh', '-c', '"$0" "$MUSTER_FILE"', '../bring-back.sh'], in: 'host' },
        produces: { files: 'backups/*.sql', atLeast: '1KiB' },
      },
    });
    expect(red).toEqual([]);
    expect(result.verdict).toBe('pass');
    expect(eventsOf(events, 'command.begun').map(({ data }) => data.in)).toContain('host');
  });
});
