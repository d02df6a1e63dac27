import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InputErrors, MusterError } from '../../core/errors.ts';
import { describeComposeFile } from '../../stack/compose-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-compose-file-'));

const write = (text: string): string => {
  const file = join(folder, 'compose.yml');
  writeFileSync(file, text);
  return file;
};
const describeText = async (text: string) => (await describeComposeFile(write(text))).services;
const refused = async (text: string): Promise<MusterError> => {
  const error: unknown = await describeComposeFile(write(text)).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MusterError)) throw new Error(`not refused as it should be: ${String(error)}`);
  return error;
};

describe('what a compose file declares', () => {
  test.each([
    ['"6379"', [6379]],
    ['6379', [6379]],
    ['"127.0.0.1::6379"', [6379]],
    ['"8080:80/tcp"', [80]],
    ['"9090-9092:8080-8082"', [8080, 8081, 8082]],
    ['"${MUSTER_TEST_UNSET_PORT:-16379}:6379"', [6379]],
    ['"6000:${MUSTER_TEST_UNSET_PORT:-6379}"', [6379]],
    ['{ target: 443, host_ip: 127.0.0.1 }', [443]],
  ])('port %s', async (entry, ports) => {
    expect((await describeText(`services: { a: { image: x, ports: [${entry}] } }`)).get('a')!.ports).toEqual(
      ports,
    );
  });

  test.each([
    ['"data:/data"', ['data']],
    ['"data:/data:ro"', ['data']],
    ['{ type: volume, source: data, target: /data }', ['data']],
    ['{ type: bind, source: ./data, target: /data }', []],
    ['"./data:/data"', []],
    ['"/data"', []],
    ['"${MUSTER_TEST_UNSET_PATH:-./data}:/data"', []],
  ])('volume %s', async (entry, volumes) => {
    expect(
      (await describeText(`services: { a: { image: x, volumes: [${entry}] } }`)).get('a')!.volumes,
    ).toEqual(volumes);
  });

  test('restart policies, and services that share by merge keys', async () => {
    const services = await describeText(
      'services:\n  a: &a { image: x, restart: always, ports: ["80"] }\n  b:\n    <<: *a\n    restart: "no"\n',
    );
    expect(services.get('a')).toEqual({
      ports: [80],
      volumes: [],
      mounts: [],
      restart: 'always',
      region: null,
      profiles: [],
      needs: [],
      accounts: {},
    });
    expect(services.get('b')).toEqual({
      ports: [80],
      volumes: [],
      mounts: [],
      restart: null,
      region: null,
      profiles: [],
      needs: [],
      accounts: {},
    });
  });

  test('accounts that its environment names, and nothing else of it', async () => {
    const services = await describeText(
      'services:\n  a: { image: x, environment: { MYSQL_USER: shop, MYSQL_PASSWORD: p, PGUSER: q, SMTP_USER: } }\n  b: { image: x, environment: ["MYSQL_USER=${MUSTER_TEST_NOBODY:-shop}", MYSQL_DATABASE=app, A_USER] }\n',
    );
    expect(services.get('a')!.accounts).toEqual({ MYSQL_USER: 'shop' });
    expect(services.get('b')!.accounts).toEqual({ MYSQL_USER: 'shop' });
  });

  test.each([
    ['restart: unless-stopped', 'unless-stopped'],
    ['restart: no', null],
    ['deploy: { restart_policy: { condition: any } }', 'always'],
    ['deploy: { restart_policy: { condition: on-failure } }', 'on-failure'],
    ['deploy: { restart_policy: { condition: none } }', null],
    ['restart: "no", deploy: { restart_policy: { condition: any } }', null],
    ['image: y', null],
  ])('%s: restart policy %s', async (written, policy) => {
    const services = await describeText(`services: { a: { ${written} } }`);
    expect(services.get('a')!.restart).toBe(policy);
  });

  test.each([
    ['{ muster.region: west }', 'west'],
    ['[other=x, muster.region=west]', 'west'],
    ['{ muster.region: "${MUSTER_TEST_UNSET_REGION:-east}" }', 'east'],
    ['{ other: x }', null],
  ])('labels %s: region %s', async (labels, region) => {
    expect(
      (await describeText(`services: { a: { image: x, labels: ${labels}, profiles: [more] } }`)).get('a'),
    ).toMatchObject({ region, profiles: ['more'] });
  });

  test('volumes that are file systems of their own: they have a size, or a device', async () => {
    const { ownFileSystems } = await describeComposeFile(
      join(import.meta.dirname, '../../fixtures/stacks/bounded.compose.yml'),
    );
    expect([...ownFileSystems]).toEqual(['redis-data', 'mysql-data', 'mariadb-data', 'postgres-data']);
    const reference = await describeComposeFile(join(import.meta.dirname, '../../docker-compose.yml'));
    expect([...reference.ownFileSystems]).toEqual([]);
  });

  test('the reference stack', async () => {
    const { services } = await describeComposeFile(join(import.meta.dirname, '../../docker-compose.yml'));
    const always = [...services].filter(([, { profiles }]) => profiles.length === 0).map(([name]) => name);
    expect(always).toEqual(['redis', 'mysql', 'app', 'proxy', 'toxiproxy', 's3-west']);
    expect(services.get('mysql-east')).toMatchObject({ region: 'east', profiles: ['regions'] });
    expect(services.get('toxiproxy')!.region).toBeNull();
    expect(services.get('s3-east')).toEqual({
      ports: [7070],
      volumes: ['s3-east-buckets', 's3-east-versions'],
      mounts: [
        { volume: 's3-east-buckets', path: '/buckets', folder: '' },
        { volume: 's3-east-versions', path: '/versions', folder: '' },
      ],
      restart: 'unless-stopped',
      region: 'east',
      profiles: ['regions'],
      needs: [],
      accounts: {},
    });
  });
});

describe('what is refused before anything starts', () => {
  test('a file that is not there', async () => {
    const error: MusterError = await describeComposeFile(join(folder, 'missing.yml')).then(
      () => {
        throw new Error('read');
      },
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ trouble: 'input', found: 'ENOENT' });
    expect(error.message).toContain('missing.yml');
  });

  test('a file that does not parse, with its place', async () => {
    const error = await refused('services:\n  redis:\n    image: "redis\n    ports: [}\n');
    const first = error instanceof InputErrors ? error.all[0]! : error;
    expect(first.trouble).toBe('input');
    expect(first.at!.line).toBeGreaterThanOrEqual(3);
    expect(first.message).toContain('does not parse');
  });

  test.each([
    ['no services', '# nothing\nvolumes: {}\n', /no services/],
    ['empty services', 'services: {}\n', /no services/],
    ['a service that is a list', 'services:\n  a: [image]\n', /service a is not a mapping/],
  ])('%s', async (_, text, message) => {
    expect((await refused(text)).message).toMatch(message);
  });

  test.each([
    ['a port beyond all', 'ports: ["0-99999999999:0-99999999999"]'],
    ['ports from high to low', 'ports: ["90-80:90-80"]'],
    [
      'a mapping in a list in a list',
      'ports: [[{ toString: 1 }]], volumes: [[{ toString: 1 }]], labels: [[{ toString: 1 }]], profiles: [{ toString: 1 }]',
    ],
  ])('%s is left to Compose', async (_, entries) => {
    expect((await describeText(`services: { a: { image: x, ${entries} } }`)).get('a')).toMatchObject({
      ports: [],
      volumes: [],
      mounts: [],
      region: null,
    });
  });

  test('all problems at once', async () => {
    const error = await refused('services: { a: [x], b: 1 }\n');
    expect((error as InputErrors).all.map((each) => each.message)).toEqual([
      'service a is not a mapping',
      'service b is not a mapping',
    ]);
  });
});

test('what is not of the project is no trouble: a drill has its own in its place', async () => {
  const services = await describeText(
    'services: { a: { image: x, networks: [edge], volumes: ["data:/d"] } }\nnetworks: { edge: { external: true } }\nvolumes: { data: { external: true } }\n',
  );
  expect(services.get('a')!.volumes).toEqual(['data']);
});
