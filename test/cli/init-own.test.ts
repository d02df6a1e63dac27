import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { leftBy } from '../../cli/init-left.ts';
import { alone, db, dumped, init, project, unwrapped, type Read } from './init-rig.ts';

describe('what a script leaves is read from its text', () => {
  test.each<[string, string, string[]]>([
    ['by a redirection', 'pg_dump shop > /backups/shop.sql', ['/backups/shop.sql']],
    ['packed, with its time in the name', 'pg_dump a | gzip > "/b/a-$(date +%F).sql.gz"', ['/b/a-*.sql.gz']],
    ['by a variable', 'f=/b/x-$(date +%s).dump\npg_dump -Fc -f "$f" shop', ['/b/x-*.dump']],
    ['moved into its place', 'f=/b/x.sql.gz\ndo > "$f.part" && mv "$f.part" "$f"', ['/b/x.sql.gz']],
    ['by an option', 'mysqldump --result-file=/b/all.sql --all-databases', ['/b/all.sql']],
    ['in a folder that the service says', 'mysqldump x > $DIR/x.sql', ['/known/x.sql']],
    ['in a folder that nothing says', 'mysqldump x > $WHERE/x.sql', ['*/x.sql']],
    ['not at all: it is a comment', '# pg_dump > /b/x.sql', []],
    ['not at all: it is no backup', 'echo done > /var/log/backup.log', []],
  ])('%s', (_, text, files) => expect(leftBy(text, { DIR: '/known' }).files).toEqual(files));

  test('and how long it sleeps', () => {
    expect(leftBy('while sleep "$EVERY"; do x; done', {}).sleeps).toEqual(['EVERY']);
    expect(leftBy('while :; do x; sleep 86400; done', {}).sleepsFor).toBe('86400');
    expect(leftBy('gunzip -c "$1" | psql', {}).takesFile).toBe(true);
    expect(leftBy('gunzip -c /backups/newest | psql', {}).takesFile).toBe(false);
  });
});

const document = readFileSync(join(import.meta.dirname, '../../docs/your-own-system.md'), 'utf8');

describe('muster init, of what backs up already,', { concurrent: true }, () => {
  test('follows a sidecar, restores by the script beside it, and says so', async () => {
    const { strategy, text, stdout } = await init(project('press'));
    expect(strategy.components['db']!.backups).toEqual({
      sidecar: {
        method: 'command',
        every: '24h',
        copies: ['here'],
        options: {
          follow: {
            service: 'backup',
            begins: '/tmp/press.sql',
            schedule: { env: 'BACKUP_INTERVAL', drill: '5', every: '15s' },
          },
          restore: { command: ['sh', '-c', '/backup/restore.sh "$MUSTER_FILE"'], in: 'backup' },
          produces: { files: '/dumps/press-*.sql.gz', atLeast: '100B' },
        },
      },
    });
    expect(text).toContain('# Guess: BACKUP_INTERVAL="5" has it run every 15s');
    expect(text).toContain('rpo: 48h');
    expect(unwrapped(text)).toContain('Where worker does so by itself, name the tables under config');
    // As the document shows it.
    const shown = [...document.matchAll(/```yaml\n([^]*?)```/g)].map(([, yaml]) => yaml!);
    const { components } = parse(shown.find((yaml) => yaml.includes('follow:'))!) as Read['strategy'];
    expect(strategy.components).toEqual(components);
    expect(stdout).toContain('backup backs db up by its own clock: followed');
    expect(stdout).toMatch(/followed: backup makes it every 24h \(here every 15s: BACKUP_INTERVAL is "5"/);
    expect(stdout).toContain('BACKUP_INTERVAL of backup: "5" in the drill\'s copy, as the strategy says');
  });

  test('runs the scripts that lie in the database, and leaves those of this machine alone', async () => {
    const { strategy, stdout } = await init(project('desk'));
    expect(strategy.components['db']!.backups['scripts']).toMatchObject({
      method: 'command',
      options: {
        backup: { command: ['/scripts/backup.sh'], in: 'db' },
        restore: { command: ['sh', '-c', '/scripts/restore.sh "$MUSTER_FILE"'], in: 'db' },
        produces: { files: '/backups/desk-*.sql.gz' },
      },
    });
    expect(stdout).toMatch(/full-backup\.sh looks like a backup of your own, and no drill runs it/);
  });

  test('finds scripts wherever a service has them mounted from, in what is included too', async () => {
    const { strategy } = await init(project('depot'));
    expect(strategy.components['db']!.backups['scripts']).toMatchObject({
      method: 'command',
      options: {
        backup: { command: ['/scripts/backup.sh'], in: 'db' },
        restore: { command: ['sh', '-c', '/scripts/restore.sh "$MUSTER_FILE"'], in: 'db' },
        produces: { files: '/backups/depot-*.sql' },
      },
    });
  });

  test('keeps to the built-in method where nothing says what a script leaves, unless it is told', async () => {
    const files = {
      'compose.yml': alone,
      'ops/backup.sh': 'pg_dump shop > "$OUT"',
      'ops/restore.sh': 'psql < "$1"',
    };
    const { strategy, text } = await init(project('', files));
    expect(Object.keys(strategy.components['db']!.backups)).toEqual(['main']);
    expect(unwrapped(text)).toContain(
      'ops/backup.sh looks like a backup of your own, and no drill runs it: its text does not say which files',
    );
    expect(unwrapped(text)).toContain('backup: { command: [/ops/backup.sh], in: db }');
    const said = await init(project('', files), '--backup-files', '/out/*.sql');
    expect(said.strategy.components['db']!.backups['scripts']).toMatchObject({
      options: { produces: { files: '/out/*.sql' } },
    });
    const builtIn = await init(project('', files), '--backup-files', '/out/*.sql', '--built-in');
    expect(Object.keys(builtIn.strategy.components['db']!.backups)).toEqual(['main']);
  });

  test('has the load where scripts of MariaDB see it, or asks for it where nothing says where that is', async () => {
    const of = (environment: object, ...args: string[]): Promise<Read> =>
      init(
        project('', {
          'compose.yml': `services:
  db:
    image: mariadb:11.8
    environment: ${JSON.stringify({ MARIADB_RANDOM_ROOT_PASSWORD: '1', ...environment })}
    volumes: ["data:/var/lib/mysql", "./ops:/ops:ro", "./out:/out"]
volumes: { data: }\n`,
          'ops/backup.sh': 'mariadb-dump shop > /out/shop.sql',
          'ops/restore.sh': 'mariadb shop < "$1"',
        }),
        ...args,
      );
    const said = await of({ MARIADB_DATABASE: 'shop' });
    expect(said.strategy.components['db']).toMatchObject({
      config: { database: 'shop' },
      backups: { scripts: { method: 'command' } },
    });
    expect(unwrapped(said.text)).toContain(
      'The load writes to shop, so that a backup of that database alone',
    );
    for (const { strategy, text } of [await of({}), await of({ MYSQL_DATABASE: 'the-shop' })]) {
      expect(strategy.components['db']).not.toHaveProperty('config');
      expect(unwrapped(text)).toContain('name that under config: { database: … }');
    }
    const builtIn = await of({ MARIADB_DATABASE: 'shop' }, '--built-in');
    expect(builtIn.strategy.components['db']).not.toHaveProperty('config');
  });

  test('passes over what only has the name of a script or a dump, and quotes paths that are not one word', async () => {
    const folder = project('', {
      'compose.yml': alone,
      'ops/our backup.sh': 'pg_dump shop > /out/shop.sql',
      'ops/our restore.sh': 'until pg_isready; do sleep 1; done; psql < "$1"',
      'backup/dump.js/index.js': 'a package',
    });
    symlinkSync('nowhere', join(folder, 'backup.sh'));
    symlinkSync('nowhere', join(folder, 'lost.sql'));
    execFileSync('mkfifo', [join(folder, 'restore.sh'), join(folder, 'endless.sql')]);
    const { strategy } = await init(folder);
    expect(strategy.components['db']!.backups['scripts']).toMatchObject({
      options: {
        backup: { command: ['/ops/our backup.sh'] },
        restore: { command: ['sh', '-c', `'/ops/our restore.sh' "$MUSTER_FILE"`] },
      },
    });
  });

  test('waits for a database that is made anew, where the script that restores into it does not', async () => {
    const restored = async (image: string, text: string): Promise<[unknown, string]> => {
      const files = { 'compose.yml': alone.replace('postgres:17', image), 'ops/restore.sh': text };
      const { strategy, text: written } = await init(
        project('', { ...files, 'ops/backup.sh': 'dump shop > /out/shop.sql' }),
      );
      const { options } = strategy.components['db']!.backups['scripts'] as { options: { restore: object } };
      return [options.restore, unwrapped(written)];
    };
    const plain = '/ops/restore.sh "$MUSTER_FILE"';
    for (const [image, ask] of [
      ['postgres:17', 'pg_isready -q -h 127.0.0.1'],
      ['mariadb:11.8', 'mariadb-admin -h 127.0.0.1 --skip-ssl --silent ping'],
      ['mysql:8.4', 'mysqladmin -h 127.0.0.1 --silent ping'],
    ] as const) {
      const [restore, text] = await restored(image, 'client shop < "$1"');
      const waits = `for _ in $(seq 60); do ${ask} && break; sleep 1; done; ${plain}`;
      expect(restore).toEqual({ command: ['sh', '-c', waits], in: 'db' });
      expect(text).toContain('Guess: your script does not wait until the database answers');
    }
    const [restore, text] = await restored('postgres:17', 'until pg_isready; do :; done; psql < "$1"');
    expect(restore).toEqual({ command: ['sh', '-c', plain], in: 'db' });
    expect(text).not.toContain('does not wait');
  });

  test('tells of make and npm, with what the strategy would say', async () => {
    const { strategy, text } = await init(
      project('', {
        'compose.yml': alone,
        Makefile: 'up:\n\tdocker compose up\nbackup: up\n\t./x\n',
        'package.json': '{ "scripts": { "db:backup": "x", "start": "y" } }',
      }),
    );
    expect(Object.keys(strategy.components['db']!.backups)).toEqual(['main']);
    const comments = unwrapped(text);
    expect(comments).toContain('backup: { command: [make, -C, ../, backup], in: host }');
    expect(comments).toContain('backup: { command: [npm, --prefix, ../, run, db:backup], in: host }');
    expect(comments).not.toContain('npm, run, start');
  });

  test('does not follow one whose dumps no script restores, though its manual says what it leaves', async () => {
    const sidecar = `
  nightly:
    image: prodrigestivill/postgres-backup-local:17
    environment: { POSTGRES_HOST: db, POSTGRES_PASSWORD: x, SCHEDULE: "@daily" }
    volumes: ["./backups:/backups"]`;
    const { strategy, stdout } = await init(
      project('', { 'compose.yml': `services:${db}${sidecar}\nvolumes: { data: }\n` }),
    );
    expect(Object.keys(strategy.components['db']!.backups)).toEqual(['main']);
    expect(stdout).toMatch(/nightly looks like a backup sidecar, .*: no script that restores what it leaves/);
  });

  test.each<[string, string, RegExp]>([
    [
      'that nobody can have run sooner',
      'while :; do pg_dump -h db > /b/x.sql; sleep 86400; done',
      /it sleeps for 86400/,
    ],
    ['whose files nothing says', 'while sleep "$$EVERY"; do dump-all db; done', /does not say which files/],
    [
      'that leaves several kinds',
      'while sleep "$$EVERY"; do x > /b/x.sql; y > /b/y.sql; done',
      /several kinds/,
    ],
  ])('does not follow a sidecar %s, and says why', async (_, script, why) => {
    const sidecar = `
  dumper:
    image: team/dump
    command: ["sh", "-c", ${JSON.stringify(script)}]
    environment: { EVERY: "3600" }
    volumes: ["./backups:/b"]`;
    const { strategy, stdout } = await init(
      project('', { 'compose.yml': `services:${db}${sidecar}\nvolumes: { data: }\n` }),
    );
    expect(Object.keys(strategy.components['db']!.backups)).toEqual(['main']);
    expect(stdout).toMatch(/dumper looks like a backup sidecar, and no drill follows it/);
    expect(stdout).toMatch(why);
  });

  test('has a restore test begin with the dumps that lie there, and passes others over', async () => {
    const { strategy, text, stdout } = await init(
      project('', {
        'compose.yml': alone,
        'backups/monday.sql.gz': gzipSync(dumped),
        'dumps/notes.sql': 'these are notes',
      }),
    );
    expect(strategy.components['db']).toMatchObject({ existing: { from: '../backups/*.sql.gz' } });
    expect(unwrapped(text)).toContain('nothing declared is never a pass');
    expect(stdout).toContain('backups/monday.sql.gz is a dump of pg_dump');
    expect(stdout).not.toContain('notes.sql');
  });
});
