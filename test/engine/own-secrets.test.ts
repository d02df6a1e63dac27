import { describe, expect, test } from 'vitest';
import type { Service } from '../../core/service.ts';
import { readOwnSecrets, secretFlags } from '../../engine/own-secrets.ts';
import { hiddenIn, secretOf } from '../../engine/drill-environment.ts';

const service = (
  env: Record<string, string>,
  { argv = [], files = {} }: { argv?: string[]; files?: Record<string, string> } = {},
): Pick<Service, 'name' | 'env' | 'argv' | 'exec'> => ({
  name: 'db',
  env,
  argv,
  exec: async ([, path]) => {
    const stdout = files[path!];
    return stdout === undefined
      ? { code: 1, stdout: '', stderr: `cat: ${path}: No such file` }
      : { code: 0, stdout, stderr: '' };
  },
});

describe('what a service says of itself', () => {
  test('is its variable', async () => {
    const own = await readOwnSecrets(service({ MYSQL_ROOT_PASSWORD: 'hunter2' }));
    expect(own.say('MYSQL_ROOT_PASSWORD')).toBe('hunter2');
    expect(own.say('MYSQL_PASSWORD')).toBeNull();
  });

  test('is the file that its variable names, without the newline at its end, and is masked', async () => {
    const files = { '/run/secrets/root': 'from a file\n' };
    const own = await readOwnSecrets(service({ MYSQL_ROOT_PASSWORD_FILE: '/run/secrets/root' }, { files }));
    expect(own.say('MYSQL_ROOT_PASSWORD')).toBe('from a file');
    expect(own.values).toEqual(['from a file']);
  });

  test('a file that cannot be read is an error for who asks for it alone', async () => {
    const own = await readOwnSecrets(
      service({ MYSQL_ROOT_PASSWORD_FILE: '/gone', MYSQL_PASSWORD: 'of-the-app' }),
    );
    expect(own.say('MYSQL_PASSWORD')).toBe('of-the-app');
    expect(() => own.say('MYSQL_ROOT_PASSWORD')).toThrow('MYSQL_ROOT_PASSWORD_FILE of db cannot be read');
  });
});

describe('an option of its command', () => {
  const env = { REDIS_PASSWORD: 'hunter2' };
  test.each<[string, string[], Record<string, string>]>([
    ['two words', ['redis-server', '--requirepass', 'a b'], { '--requirepass': 'a b' }],
    ['one word', ['server', '--password=x=y'], { '--password': 'x=y' }],
    [
      'in a shell',
      ['sh', '-c', 'exec redis-server --requirepass "$REDIS_PASSWORD" --save 60 1'],
      { '--requirepass': 'hunter2' },
    ],
    ['in a shell, quoted', ['sh', '-ec', "redis-server --requirepass 'a $b'"], { '--requirepass': 'a $b' }],
    [
      'in a shell, with another value',
      ['bash', '-c', 'x --token=$' + '{NONE:-other}'],
      { '--token': 'other' },
    ],
    [
      'in a shell that runs something else for it',
      ['sh', '-c', 'server --password "$(tr a b < /x)" --port 1'],
      {},
    ],
    [
      'in a shell, with the text of that',
      ['sh', '-c', "server --password '$(cat /x)'"],
      { '--password': '$(cat /x)' },
    ],
    ['without a value', ['server', '--no-password', '--port', '1'], {}],
    ['none that is secret', ['redis-server', '--appendonly', 'yes'], {}],
  ])('%s', (_, argv, found) => {
    expect(secretFlags(argv, env)).toEqual(found);
  });
});

describe('a file that its command reads', () => {
  const files = { '/run/secrets/cache': 'from "a" $file\n' };
  const env = { PASSWORD_FILE: '/run/secrets/cache', HOME: '/run' };
  test.each([
    ['$(cat /run/secrets/cache)'],
    ['"$(cat /run/secrets/cache)"'],
    ['"$(cat "$PASSWORD_FILE")"'],
    ['"$(cat \'/run/secrets/cache\')"'],
    ['"$(< $' + '{HOME}/secrets/cache)"'],
    ['`cat /run/secrets/cache`'],
  ])('says the password, and is masked: %s', async (said) => {
    const argv = ['sh', '-c', `exec redis-server --requirepass ${said} --save 60 1`];
    const own = await readOwnSecrets(service(env, { argv, files }));
    expect(own.say('--requirepass')).toBe('from "a" $file');
    expect(own.values).toContain('from "a" $file');
  });

  test('says nothing where it cannot be read', async () => {
    const argv = ['sh', '-c', 'redis-server --requirepass "$(cat /gone)"'];
    expect((await readOwnSecrets(service({}, { argv }))).say('--requirepass')).toBeNull();
  });
});

describe('a secret by name', () => {
  const given = (environment: Record<string, string>, projectEnvironment: Record<string, string>) =>
    ({ environment, projectEnvironment, secrets: new Set<string>(), ownSecrets: new Map() }) as never;

  test('is the one of the service, before one of .env, before one of this process', async () => {
    process.env['MUSTER_TEST_SECRET'] = 'of-this-process';
    try {
      const own = await readOwnSecrets(service({ MUSTER_TEST_SECRET: 'of-the-service' }));
      expect(secretOf(given({}, { MUSTER_TEST_SECRET: 'of-dot-env' }), 'MUSTER_TEST_SECRET', own)).toBe(
        'of-the-service',
      );
      expect(secretOf(given({}, { MUSTER_TEST_SECRET: 'of-dot-env' }), 'MUSTER_TEST_SECRET')).toBe(
        'of-dot-env',
      );
      expect(secretOf(given({}, {}), 'MUSTER_TEST_SECRET')).toBe('of-this-process');
    } finally {
      delete process.env['MUSTER_TEST_SECRET'];
    }
    expect(() => secretOf(given({}, {}), 'MUSTER_TEST_SECRET')).toThrow(
      'secret MUSTER_TEST_SECRET is not set',
    );
  });

  test('whatever is secret by its name is hidden, wherever it stands', () => {
    const drill = {
      environment: { GENERATED: 'made-for-it' },
      projectEnvironment: { DB_PASSWORD: 'of-dot-env', TAG: 'latest-one' },
      secrets: new Set(['looked-up']),
      stack: {
        services: new Map([
          [
            'a',
            {
              env: { API_TOKEN: 'of-a-service', LANG: 'of-nobody' },
              argv: ['x', '--requirepass', 'of-a-command'],
            },
          ],
        ]),
      },
    };
    expect(hiddenIn(drill as never).sort()).toEqual(
      ['looked-up', 'made-for-it', 'of-a-command', 'of-a-service', 'of-dot-env'].sort(),
    );
  });
});
