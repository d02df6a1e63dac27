import { describe, expect, test } from 'vitest';
import { compareSettings, type Settings } from '../../drivers/redis/settings.ts';

const of = (values: Record<string, string>, own: Record<string, string> = {}, role = 'master'): Settings => ({
  values,
  own,
  role,
});
const changed = (name: string, before: string, now: string) =>
  compareSettings(of({ [name]: before }), of({ [name]: now }), true);

describe('a setting that is weaker, or another, is red', () => {
  test.each([
    ['appendonly', 'yes', 'no'],
    ['appendfsync', 'always', 'everysec'],
    ['auto-aof-rewrite-percentage', '100', '0'],
    ['auto-aof-rewrite-percentage', '100', '200'],
    ['auto-aof-rewrite-min-size', '67108864', '134217728'],
    ['auto-aof-rewrite-min-size', '0', '134217728'],
    ['save', '3600 1 300 100', '3600 1'],
    ['save', '3600 1', ''],
    ['save', '60 10', '60 11'],
    ['maxmemory', '0', '100'],
    ['maxmemory', '100', '0'],
    ['maxmemory', '100', '99'],
    ['maxmemory-clients', '5%', '104857600'],
    ['maxclients', '10000', '9999'],
    ['timeout', '300', '0'],
    ['tcp-keepalive', '300', '0'],
    ['notify-keyspace-events', 'AKE', 'KEg'],
    ['client-output-buffer-limit', 'normal 0 0 0 pubsub 10 5 60', 'normal 9 9 9 pubsub 10 5 60'],
    ['client-output-buffer-limit', 'normal 0 0 0 pubsub 10 5 60', 'normal 0 0 0 pubsub 9 5 60'],
    ['tls-ca-cert-file', '/tls/ca.pem', ''],
    ['tls-auth-clients', 'optional', 'yes'],
    ['enable-module-command', 'no', 'local'],
    ['enable-protected-configs', 'no', 'yes'],
    ['sanitize-dump-payload', 'yes', 'no'],
    ['repl-backlog-size', '1048576', '16384'],
    ['ts-retention-policy', '0', '1000'],
    ['ts-duplicate-policy', 'block', 'last'],
    ['requirepass', 'digest 1', 'digest 2'],
    ['requirepass', '', 'digest 2'],
  ])('%s: %j, then %j', (name, before, now) => {
    expect(changed(name, before, now)).toEqual({
      wrong: [`${name}: ${JSON.stringify(before)} before, ${JSON.stringify(now)} now`],
      told: [],
      same: 0,
    });
  });
});

describe('a setting that is no weaker is told, and not red', () => {
  test.each([
    ['appendonly', 'no', 'yes'],
    ['appendfsync', 'no', 'always'],
    ['auto-aof-rewrite-percentage', '0', '100'],
    ['auto-aof-rewrite-min-size', '67108864', '1048576'],
    ['auto-aof-rewrite-min-size', '67108864', '0'],
    ['save', '3600 1 300 100', '300 100 3600 1'],
    ['save', '3600 1', '1800 1'],
    ['save', '', '3600 1'],
    ['maxmemory', '100', '200'],
    ['maxmemory-clients', '5%', '10%'],
    ['maxclients', '4000', '10000'],
    ['timeout', '300', '600'],
    ['tcp-keepalive', '300', '60'],
    ['notify-keyspace-events', 'KEgx', 'AKE'],
    ['client-output-buffer-limit', 'normal 0 0 0 pubsub 10 5 60', 'normal 0 0 0 pubsub 20 5 60'],
    ['tls-ca-cert-file', '/tls/ca.pem', '/etc/tls/ca.pem'],
    ['enable-debug-command', 'yes', 'no'],
    ['repl-backlog-size', '1048576', '2097152'],
    ['databases', '16', '32'],
  ])('%s: %j, then %j', (name, before, now) => {
    expect(changed(name, before, now)).toEqual({
      wrong: [],
      told: [`${name}: ${JSON.stringify(before)} before, ${JSON.stringify(now)} now`],
      same: 0,
    });
  });
});

test('what is for clusters counts where there is one', () => {
  const [before, now] = ['yes', 'no'].map((value) => ({ 'cluster-require-full-coverage': value }));
  const judged = (enabled: string) =>
    compareSettings(
      of({ ...before, 'cluster-enabled': enabled }),
      of({ ...now, 'cluster-enabled': enabled }),
      true,
    );
  expect(judged('no')).toMatchObject({ wrong: [], same: 1 });
  expect(judged('yes').wrong).toHaveLength(1);
});

test('one that the server no longer knows is red, one that is new is not', () => {
  const known = of({ appendonly: 'yes', databases: '16' });
  const fewer = of({ databases: '16' });
  expect(compareSettings(known, fewer, true)).toEqual({
    wrong: ['appendonly: "yes" before, and unknown to the server now'],
    told: [],
    same: 1,
  });
  expect(compareSettings(fewer, known, true)).toEqual({ wrong: [], told: [], same: 1 });
});

test("a server's own settings are compared, and counted, only of the same server in the same role", () => {
  const [before, now] = [of({ databases: '16' }, { dir: '/data' }), of({ databases: '16' }, { dir: '/tmp' })];
  expect(compareSettings(before, now, true)).toMatchObject({
    wrong: [expect.stringContaining('dir: ')],
    same: 1,
  });
  expect(compareSettings(before, before, true)).toMatchObject({ wrong: [], same: 2 });
  expect(compareSettings(before, now, false)).toMatchObject({ wrong: [], same: 1 });
  expect(compareSettings(before, { ...now, role: 'slave' }, true)).toMatchObject({ wrong: [], same: 1 });
});
