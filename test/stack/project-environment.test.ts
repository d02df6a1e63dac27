import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { containAhead } from '../../stack/plan-containment.ts';
import { projectEnvironment, type ProjectEnvironment } from '../../stack/project-environment.ts';
import { secretsFor } from '../../stack/run-environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-project-'));
const file = join(folder, 'compose.yml');
const dotEnv = join(folder, '.env');

function project(compose: string, environment = ''): string {
  writeFileSync(file, compose);
  writeFileSync(dotEnv, environment);
  return file;
}
const asks = (value: string): string =>
  `services:\n  db:\n    image: x\n    environment: { MYSQL_ROOT_PASSWORD: "${value}" }\n`;
const read = (compose: string, environment = ''): Promise<ProjectEnvironment> =>
  projectEnvironment(project(compose, environment));

const before = process.env['MYSQL_ROOT_PASSWORD'];
afterEach(() => {
  if (before === undefined) delete process.env['MYSQL_ROOT_PASSWORD'];
  else process.env['MYSQL_ROOT_PASSWORD'] = before;
});

describe('what a compose file asks for and nothing gives a value', () => {
  const required = asks('$' + '{MYSQL_ROOT_PASSWORD:?}');

  test.each([
    ['required', required],
    ['plain', asks('$' + '{MYSQL_ROOT_PASSWORD}')],
    ['bare', asks('$MYSQL_ROOT_PASSWORD')],
    [
      'of a secret',
      'services: { db: { image: x } }\nsecrets:\n  root: { environment: MYSQL_ROOT_PASSWORD }\n',
    ],
  ])('is made: %s', async (_, compose) => {
    expect((await read(compose)).wanting).toEqual(['MYSQL_ROOT_PASSWORD']);
  });

  test.each([
    ['it stands in .env', required, 'MYSQL_ROOT_PASSWORD=of-the-user\n'],
    ['it stands in .env and is exported', required, 'export MYSQL_ROOT_PASSWORD = "of the user"\n'],
    ['the file says another', asks('$' + '{MYSQL_ROOT_PASSWORD:-root}'), ''],
    ['nobody asks', 'services: { db: { image: x } }\n', ''],
    ['it is text', asks('$$MYSQL_ROOT_PASSWORD'), ''],
  ])('is not made where %s', async (_, compose, environment) => {
    expect((await read(compose, environment)).wanting).toEqual([]);
  });

  test('is not made where the environment of this process says it', async () => {
    process.env['MYSQL_ROOT_PASSWORD'] = 'of-this-process';
    expect((await read(required)).wanting).toEqual([]);
  });

  test('is made by any name of a secret that Compose insists on, and by no other name', async () => {
    const compose = asks('$' + '{SHOP_DB_PASS:?} $' + '{SHOP_DB_HOST:?} $' + '{SHOP_API_KEY}');
    expect((await read(compose)).wanting).toEqual(['SHOP_DB_PASS']);
  });

  test('is found where it is asked for in an included file', async () => {
    writeFileSync(join(folder, 'db.yml'), required);
    expect((await read('include: [db.yml]\nservices: { a: { image: x } }\n')).wanting).toEqual([
      'MYSQL_ROOT_PASSWORD',
    ]);
  });
});

test('profiles that the .env of a project asks for are known', async () => {
  const { values } = await read('services: { db: { image: x } }\n', 'COMPOSE_PROFILES=jobs,tools\n');
  expect(values).toEqual({ COMPOSE_PROFILES: 'jobs,tools' });
});

describe('what the .env of an included file says', () => {
  const include = (entry: string): string => `include: [${entry}]\nservices: { a: { image: x } }\n`;
  const required = asks('$' + '{MYSQL_ROOT_PASSWORD:?}');
  const put = (name: string, text: string): void => {
    mkdirSync(join(folder, 'data'), { recursive: true });
    writeFileSync(join(folder, 'data', name), text);
  };
  afterEach(() => rmSync(join(folder, 'data'), { recursive: true, force: true }));

  test.each([
    ['beside it', '.env', 'data/db.yml'],
    ['that it names', 'db.env', '{ path: data/db.yml, env_file: data/db.env }'],
    ['in its project folder', '.env', '{ path: [elsewhere.yml], project_directory: data }'],
  ])('is not made anew: %s', async (_, name, entry) => {
    put('db.yml', required);
    writeFileSync(join(folder, 'elsewhere.yml'), required);
    put(name, 'MYSQL_ROOT_PASSWORD="of the data"\nREFERS=$' + '{TOP}-$' + '{MYSQL_ROOT_PASSWORD}\n');
    const { wanting, values } = await read(include(entry), 'TOP=top\n');
    expect(wanting).toEqual([]);
    expect(values).toEqual({ TOP: 'top', MYSQL_ROOT_PASSWORD: 'of the data', REFERS: 'top-of the data' });
  });

  test("is less than what the project's own says", async () => {
    put('db.yml', required);
    put('.env', 'MYSQL_ROOT_PASSWORD=of-the-data\n');
    const { values } = await read(include('data/db.yml'), 'MYSQL_ROOT_PASSWORD=of-the-project\n');
    expect(values['MYSQL_ROOT_PASSWORD']).toBe('of-the-project');
  });

  test('is of no use to a file that nothing includes', async () => {
    put('.env', 'MYSQL_ROOT_PASSWORD=of-the-data\n');
    expect((await read(required)).wanting).toEqual(['MYSQL_ROOT_PASSWORD']);
  });
});

describe('what the .env of a project says', () => {
  test('is what Compose makes of it', async () => {
    const lines = ['A="two words" # said', "B='as $is'", 'C=$' + '{A}!', 'D="two\\nlines"', 'E=a$$b', '#F=1'];
    expect((await read('services: { db: { image: x } }\n', lines.join('\n'))).values).toEqual({
      A: 'two words',
      B: 'as $is',
      C: 'two words!',
      D: 'two\nlines',
      E: 'a$b',
    });
  });

  test('one that Compose refuses is an error that does not quote it', async () => {
    const failed = read('services: { db: { image: x } }\n', 'MYSQL ROOT="hunter2\nMORE=hunter3\n');
    await expect(failed).rejects.toThrow(/Compose refuses the \.env/);
    await failed.catch((error: unknown) => expect(JSON.stringify(error)).not.toMatch(/hunter/));
  });

  test("is not hidden by a value of the drill's own", async () => {
    const secrets = await secretsFor(
      project(asks('$' + '{MYSQL_ROOT_PASSWORD:?}'), 'MYSQL_ROOT_PASSWORD=of-the-user\n'),
    );
    expect(secrets.generated).not.toHaveProperty('MYSQL_ROOT_PASSWORD');
    expect(secrets.project).toEqual({ MYSQL_ROOT_PASSWORD: 'of-the-user' });
    expect(Object.keys(secrets.generated)).not.toContain('MUSTER_TLS_CERT');
  });

  test.each([
    ['asks for them', `services: { db: { image: x, environment: { CERT: "$\{MUSTER_TLS_CERT}" } } }\n`],
    ['takes in what may', 'include: [other.yml]\nservices: { db: { image: x } }\n'],
  ])('certificates are made where a file %s', async (_, text) => {
    const { generated } = await secretsFor(project(text, ''));
    expect(generated['MUSTER_TLS_CERT']).toMatch(/^-----BEGIN CERTIFICATE-----/);
  });

  test('decides what plan takes for the path of a mount', async () => {
    project(
      'services: { db: { image: x, volumes: ["./$' + '{MYSQL_PASSWORD}:/data"] } }\n',
      'MYSQL_PASSWORD=folder-of-the-user\n',
    );
    const rules = { dataFolders: {}, mounts: {}, access: {} };
    expect((await containAhead({ file, profiles: [], host: rules }))!.names).toEqual([
      './folder-of-the-user',
    ]);
  });
});

test('where there are no containers nothing is generated but the backup key', async () => {
  const { generated } = await secretsFor(null);
  expect(Object.keys(generated)).toEqual(['MUSTER_BACKUP_KEY']);
  expect(generated['MUSTER_BACKUP_KEY']).toMatch(/^[0-9a-f]{64}$/);
});
