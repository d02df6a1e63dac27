import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StackDescription } from '../../core/stack.ts';
import { describeAhead } from '../../stack/compose-ahead.ts';
import { describeComposeFile, descriptionOf, type DeclaredProject } from '../../stack/compose-file.ts';
import { configAhead } from '../../stack/plan-containment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-compose-ahead-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
async function withoutDocker<T>(work: () => Promise<T>): Promise<T> {
  const path = process.env['PATH'];
  process.env['PATH'] = folder;
  try {
    return await work();
  } finally {
    process.env['PATH'] = path;
  }
}
const base = `services:
  db: { image: x, ports: ["5432"], volumes: ["data:/d"], restart: always, labels: ["muster.region=a"], profiles: [deep] }
  cache: { image: x, expose: ["6379"], depends_on: [db] }
volumes: { data: { driver_opts: { type: tmpfs, o: size=1m } } }
`;

describe('what a compose file declares before anything runs', () => {
  test('services of a file that is included are seen', async () => {
    write('base.yml', base);
    const file = write('compose.yml', 'include: [base.yml]\n');
    const { services, ownFileSystems } = await describeAhead(file);
    expect(services.get('db')).toEqual({
      ports: [5432],
      volumes: ['data'],
      mounts: [{ folder: '', path: '/d', volume: 'data' }],
      restart: 'always',
      region: 'a',
      profiles: ['deep'],
      needs: [],
      accounts: {},
    });
    expect(services.get('cache')).toMatchObject({ ports: [6379], needs: ['db'], restart: null });
    expect([...ownFileSystems]).toEqual(['data']);
    // Known-bad: the file alone.
    await expect(describeComposeFile(file)).rejects.toThrow('no services');
  });

  test('what a service has of another one is seen', async () => {
    write('base.yml', base);
    const file = write(
      'compose.yml',
      'services:\n  db: { extends: { file: base.yml, service: db }, ports: ["5433"] }\nvolumes: { data: {} }\n',
    );
    const { services } = await describeAhead(file);
    expect(services.get('db')).toMatchObject({ ports: [5432, 5433], volumes: ['data'], restart: 'always' });
    expect((await describeComposeFile(file)).services.get('db')).toMatchObject({ restart: null });
  });

  test('variables are those of the .env of the project, as Compose reads it', async () => {
    write('.env', 'MUSTER_TEST_POLICY="unless-stopped"\nMUSTER_TEST_PORT=7000\n');
    const file = write(
      'compose.yml',
      'services: { a: { image: x, restart: "${MUSTER_TEST_POLICY}", ports: ["${MUSTER_TEST_PORT:+7001}"] } }\n',
    );
    const { services } = await describeAhead(file);
    expect(services.get('a')).toMatchObject({ restart: 'unless-stopped', ports: [7001] });
    expect((await describeComposeFile(file)).services.get('a')).toMatchObject({ restart: '' });
  });

  test('a file that Compose refuses is refused in its words', async () => {
    const file = write('compose.yml', 'include: [not-there.yml]\nservices: { a: { image: x } }\n');
    await expect(describeAhead(file)).rejects.toMatchObject({ found: /not-there\.yml/ });
  });

  test('without Compose the file alone says', async () => {
    write('base.yml', base);
    const file = write('compose.yml', 'include: [base.yml]\nservices: { a: { image: x, ports: [80] } }\n');
    expect([...(await describeAhead(file)).services.keys()].sort()).toEqual(['a', 'cache', 'db']);
    const { services } = await withoutDocker(() => describeAhead(file));
    expect([...services.keys()]).toEqual(['a']);
  });

  test('Compose is not asked where it could add nothing', async () => {
    const file = write('compose.yml', `${base}x-text: "$\{NOT_READ}"\n`);
    const described = await describeAhead(file);
    expect(await withoutDocker(() => describeAhead(file))).toEqual(described);
    expect(await withoutDocker(() => configAhead({ file, profiles: ['*'] }))).toBeNull();
  });
});

const known = [
  'docker-compose.yml',
  ...readdirSync('test/fixtures')
    .filter((name) => name.endsWith('.compose.yml'))
    .map((name) => `test/fixtures/${name}`),
];
/** What a service needs in no order: Compose sorts it. */
const unordered = ({ services, ownFileSystems }: StackDescription): unknown => ({
  services: Object.fromEntries(
    [...services].map(([name, { needs, ...service }]) => [name, { ...service, needs: [...needs].sort() }]),
  ),
  ownFileSystems,
});

test.each(known)('of %s both readings are the same', async (file) => {
  const read = await configAhead({ file, profiles: ['*'] });
  const byCompose = descriptionOf(file, read!.config as unknown as DeclaredProject);
  expect(unordered(byCompose)).toEqual(unordered(await describeComposeFile(file)));
});

test('of several files it is what Compose makes of them all', async () => {
  const file = write(
    'compose.yml',
    'services: { a: { image: x, ports: ["80"], depends_on: { d: { condition: service_started } }, restart: "no" }, d: { image: z } }\n',
  );
  const over = write(
    'over.yml',
    'services: { a: { ports: ["81"], depends_on: [b], restart: always }, b: { image: y } }\n',
  );
  const { services } = await describeAhead(file, [over]);
  expect([...services.keys()].sort()).toEqual(['a', 'b', 'd']);
  expect(services.get('a')).toMatchObject({ ports: [80, 81], needs: ['b', 'd'], restart: 'always' });
});
