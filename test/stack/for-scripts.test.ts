import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { composeConfig, type ComposeConfig } from '../../stack/compose.ts';
import { noRules } from '../../stack/containment.ts';
import { forScripts } from '../../stack/for-scripts.ts';
import { assertContained } from '../../stack/laid.ts';
import { movedOf } from '../../stack/moved.ts';
import { neededOf } from '../../stack/needed.ts';
import { overrideText } from '../../stack/override-file.ts';
import { nothingLaid, overrideOf, type Laid } from '../../stack/override.ts';
import { settledOf, settledText } from '../../stack/settled.ts';

const project = 'muster-d1';
const labels = { 'muster.drill': 'd1' };

/** What is only in the environment of Muster itself, as from the user's shell. */
const exported: string[] = [];
const shell = (variables: Record<string, string>): void => {
  exported.push(...Object.keys(variables));
  Object.assign(process.env, variables);
};
const anotherShell = (): void => {
  for (const name of exported.splice(0)) delete process.env[name];
};
afterEach(anotherShell);

interface Drilled {
  text: string;
  others?: Record<string, string>;
  laid?: Laid;
  services?: string[];
  profiles?: string;
  generated?: Record<string, string>;
}

/** A drill of that compose file as far as its scripts need one, and what their Compose sees then. */
async function drilled({ text, others = {}, laid = nothingLaid, services = [], ...more }: Drilled) {
  const folder = mkdtempSync(join(tmpdir(), 'muster-for-scripts-'));
  const put = (name: string, said: string): void => writeFileSync(join(folder, name), said);
  put('compose.yml', text);
  for (const [name, said] of Object.entries(others)) put(name, said);
  const file = join(folder, 'compose.yml');
  const environment = { ...more.generated, COMPOSE_PROFILES: more.profiles ?? '' };
  const run = { file, project, labels, environment };
  const config = neededOf(await composeConfig(run), services);
  put('over.yml', overrideText(overrideOf(config, run, movedOf(config, run), {}, laid)));
  const settled = await settledOf(run, join(folder, 'over.yml'), Object.keys(config.services));
  const check = (all: ComposeConfig): void => assertContained(all, laid, noRules, project);
  check(settled.config);
  const scripts = forScripts(run, settled, check, async () => undefined);
  const seen = async (given: Record<string, string> = {}): Promise<ComposeConfig> => {
    const [first, ...overrides] = await scripts.composeFiles();
    const variables = { ...(await scripts.composeVariables!()), ...given };
    const around = { PATH: process.env['PATH'] };
    return composeConfig({ ...run, file: first!, overrides, environment: variables }, { around });
  };
  return { folder, put, file, settled, scripts, seen };
}

describe('what a script on this machine has Compose read', () => {
  const text = `services:
  base: { image: x, profiles: [never], environment: { OF: base } }
  db:
    extends: { service: base }
    profiles: !override []
    container_name: shop-db
    depends_on: { nightly: { condition: service_started, required: false } }
    ports: ["5432:5432"]
    volumes: ["./data:/data", "old:/old"]
    networks: [shared]
  nightly:
    image: x
    profiles: [backup]
    depends_on: [db]
    volumes: ["./backups:/backups"]
  sidecar:
    image: x
    volumes: ["./backups:/backups"]
volumes: { old: { external: true, name: shop_old } }
networks: { shared: { external: true, name: proxy } }
`;
  const laid = {
    ...nothingLaid,
    services: { db: [{ type: 'volume', source: 'muster-data', target: '/data' }] },
    volumes: { 'muster-data': { name: 'muster-d1-data', external: true } },
  };

  test('is what the drill has: nothing of the user, and no service that it leaves out', async () => {
    const { folder, scripts, seen } = await drilled({ text, laid, services: ['db'] });
    const now = await seen({ COMPOSE_PROFILES: '*' });
    expect(Object.keys(now.services)).toEqual(['db']);
    expect(now.services['db']).toMatchObject({ image: 'x', environment: { OF: 'base' } });
    const said = JSON.stringify(now);
    expect(said).not.toContain(folder);
    expect(said).not.toMatch(/"published":"5432"|shop-db"?[,}]|shop_old|"proxy"/);
    expect(now.services['db']!.volumes).toMatchObject([
      { type: 'volume', source: 'muster-data', target: '/data' },
      { type: 'volume', source: 'old' },
    ]);
    const [own, ...more] = await scripts.composeFiles();
    expect(more).toEqual([]);
    expect(statSync(own!).mode & 0o777).toBe(0o600);
    await scripts.down();
    expect(existsSync(own!)).toBe(false);
  });

  const data = 'volumes: ["${DB_DATA:-./data}:/var/lib/data"]';
  const onVolume = [expect.objectContaining({ type: 'volume', source: 'dbdata', target: '/var/lib/data' })];
  const chosen = (more = ''): string => `services: { db: { image: x, ${data}${more} } }
volumes: { dbdata: {} }
`;

  test('has the volume that only the environment of the drill names', async () => {
    shell({ DB_DATA: 'dbdata' });
    const { seen } = await drilled({ text: chosen() });
    anotherShell();
    expect((await seen()).services['db']!.volumes).toEqual(onVolume);
    expect((await seen({ DB_DATA: './mine' })).services['db']!.volumes).toEqual(onVolume);
  });

  test('has the volume that a file of COMPOSE_ENV_FILES names', async () => {
    const env = join(mkdtempSync(join(tmpdir(), 'muster-for-scripts-')), 'prod.env');
    writeFileSync(env, 'DB_DATA=dbdata\n');
    shell({ COMPOSE_ENV_FILES: env });
    const { seen } = await drilled({ text: chosen() });
    anotherShell();
    expect((await seen()).services['db']!.volumes).toEqual(onVolume);
  });

  test('is the same when the files are changed during the drill', async () => {
    const others = { '.env': 'DB_DATA=dbdata\n', 'db.env': 'FROM=a file, $$5\n' };
    const { put, seen, settled } = await drilled({ text: chosen(', env_file: db.env'), others });
    put('.env', 'DB_DATA=./data\n');
    put('db.env', 'FROM=another\nMORE=of it\n');
    put('compose.yml', 'services: { db: { image: y, volumes: ["./data:/mine"] } }');
    const { db } = (await seen()).services;
    expect(db).toMatchObject({ image: 'x', environment: { FROM: 'a file, $$5' } });
    expect(db!.volumes).toEqual(onVolume);
    expect(settled.config.services['db']).toMatchObject({ environment: { FROM: 'a file, $$5' } });
  });

  test('makes nothing anew that has not changed', async () => {
    const text = `services:
  db:
    image: x
    ${data}
    env_file: db.env
    pull_policy: always
    memswap_limit: -1
    ulimits: { core: 0, nofile: { soft: 0, hard: -1 }, nproc: 9223372036854775807 }
    blkio_config:
      weight_device: [{ path: /dev/sda, weight: 400 }]
      device_read_bps: [{ path: /dev/sda, rate: 12mb }]
    command: [sh, -c, 'echo $$HOME']
    secrets: [key]
    depends_on: { two: { condition: service_started } }
  two:
    build: .
    configs: [made]
    environment: { A: "\\x7f\\u2028😀", B: , C: "\${PLAIN}" }
volumes: { dbdata: {} }
secrets: { key: { environment: KEY } }
configs: { made: { content: "$\${A} \${PLAIN}" } }
`;
    shell({ DB_DATA: 'dbdata', PLAIN: 'p$w"d', KEY: 'k$y' });
    const others = { 'db.env': 'FROM=a file\n' };
    const { folder, settled, scripts } = await drilled({ text, others });
    anotherShell();
    writeFileSync(join(folder, 'started.yml'), settledText(settled.config));
    const env = { PATH: process.env['PATH'], ...(await scripts.composeVariables!()) };
    const hashes = (file: string): string =>
      execFileSync('docker', ['compose', '-p', project, '-f', file, 'config', '--hash', '*'], {
        env,
        encoding: 'utf8',
      });
    const [own] = await scripts.composeFiles();
    expect((JSON.parse(settledText(settled.config)) as ComposeConfig).services['db']).toMatchObject({
      ulimits: { core: { soft: 0, hard: 0 }, nofile: { soft: 0, hard: -1 }, nproc: -1 },
      blkio_config: { device_read_bps: [{ path: '/dev/sda', rate: '12582912' }] },
    });
    expect(hashes(own!)).toMatch(/^db [0-9a-f]{64}\ntwo [0-9a-f]{64}\n$/);
    expect(hashes(own!)).toBe(hashes(join(folder, 'started.yml')));
  });

  test('has secrets that were made for the drill, and those of variables', async () => {
    const more = ', environment: { PASSWORD: "${DB_PASSWORD:?}" }, secrets: [key, none]';
    const top = 'secrets: { key: { environment: KEY }, none: { environment: NOBODY_SAYS } }\n';
    const { seen, scripts } = await drilled({
      text: `${chosen(more)}${top}`,
      others: { '.env': "DB_DATA=dbdata\nKEY='k$y'\n" },
      generated: { DB_PASSWORD: 'made$anew' },
    });
    const { services, secrets } = await seen({ DB_PASSWORD: '', KEY: 'of-the-user' });
    expect(services['db']).toMatchObject({ environment: { PASSWORD: 'made$$anew' } });
    const { environment: name } = secrets!['key']!;
    expect(await scripts.composeVariables!()).toEqual({ [name!]: 'k$y' });
    expect(name).toMatch(/^MUSTER_/);
    expect(secrets!['none']).toMatchObject({ environment: 'NOBODY_SAYS' });
  });

  test('has services of a profile, and the profiles of the `.env` that lies beside the user file', async () => {
    const profiled = `services: { db: { image: x }, job: { image: x, profiles: [jobs] } }`;
    const { scripts, seen } = await drilled({ text: profiled, profiles: 'jobs' });
    expect(await scripts.composeVariables!()).toEqual({});
    expect(Object.keys((await seen()).services)).toEqual(['db']);
    expect(Object.keys((await seen({ COMPOSE_PROFILES: 'jobs' })).services)).toEqual(['db', 'job']);
    const others = { '.env': 'COMPOSE_PROFILES=jobs\n' };
    const { seen: said } = await drilled({ text: profiled, profiles: 'jobs', others });
    expect(Object.keys((await said()).services)).toEqual(['db', 'job']);
  });

  test('pulls nothing that the engine has', async () => {
    const policies = `services: { db: { image: x, pull_policy: always }, app: { image: y, build: . } }`;
    const { services } = await (await drilled({ text: policies })).seen();
    expect(services['db']).toMatchObject({ pull_policy: 'never' });
    expect(services['app']).toMatchObject({ build: expect.anything() });
  });

  test('is refused where Compose would start something of the host by it', async () => {
    const { file, settled } = await drilled({ text: chosen().replace('${DB_DATA:-./data}', 'dbdata') });
    const bound = { type: 'bind', source: '/srv/data', target: '/var/lib/data' };
    const config = {
      ...settled.config,
      services: { db: { ...settled.config.services['db'], volumes: [bound] } },
    };
    const run = { file, project, labels, environment: {} };
    const check = (all: ComposeConfig): void => assertContained(all, nothingLaid, noRules, project);
    const scripts = forScripts(run, { config, environment: {} }, check, async () => undefined);
    await expect(scripts.composeFiles()).rejects.toMatchObject({
      trouble: 'environment',
      found: '/srv/data at /var/lib/data',
    });
    await scripts.down();
  });
});
