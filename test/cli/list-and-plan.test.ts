import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { findScenarios } from '../../cli/scenarios.ts';
import { jsonOf, muster, type Ended } from '../support/muster.ts';
import { ways } from './way-cases.ts';

type Listed = Record<string, { name: string; about: string; more: string[] }[]>;
const cases = join(import.meta.dirname, '../../fixtures/field-cases');
const concurrent = { concurrent: true };

describe('list', concurrent, () => {
  const names: [string, string[]][] = Object.entries(registries).map(([what, registry]) => [
    what,
    Object.keys(registry),
  ]);
  names.push([
    'scenarios',
    [
      'reference/mysql-dropped-table',
      'reference/mysql-pages-corrupted',
      'reference/redis-crash',
      'reference/redis-volume-lost',
    ],
  ]);

  test.each(names)('%s: each one with what it is about, as text and as JSON', async (what, expected) => {
    const [text, json] = await Promise.all([muster(['list', what]), muster(['list', what, '--json'])]);
    const rows = jsonOf<Listed>(json)[what]!;
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(expected));
    for (const { name, about, more } of rows) {
      expect(about, name).not.toBe('');
      for (const words of [name, about, ...more]) expect(text.stdout).toContain(words);
    }
    expect([text.code, json.code, text.stderr, json.stderr]).toEqual([0, 0, '', '']);
  });

  test('drivers say what they can suffer, how they are backed up, and what can be checked', async () => {
    const { stdout } = await muster(['list', 'drivers']);
    expect(stdout).toMatch(
      /^redis +\S[^]*can suffer crash,[^\n]* pause[^\n]*stop[^\n]*wipe[^\n]*\n[^]*backup rdb \(snapshot\): [^]*check ttl: /m,
    );
    expect(stdout).toMatch(/backup binlog \(continuous\): [^\n]*\n +until beforeGtid: \S/);
  });
});

describe('plan', concurrent, () => {
  test('says what would happen, without starting anything', async () => {
    const { code, stdout } = await muster(['plan', 'redis-volume-lost']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^redis-volume-lost: \S/);
    for (const row of [
      /load +tokens: 200\/s on redis/,
      /protect +redis\.snapshot by rdb, every 5m \(here every 2 × the time it takes, at least every 2 s\), to volume and offsite/,
      /break +wipe-volume on redis, at worst/,
      /recover +restore redis from offsite\n +call invalidate-sessions/,
      /check +ledger, redis\.ttl/,
    ])
      expect(stdout).toMatch(row);
  });

  test('says the same as JSON, of several at once', async () => {
    const ended = await muster(['plan', 'redis-volume-lost', 'mysql-dropped-table', '--json']);
    expect(jsonOf(ended)).toMatchObject({
      schema: 'muster/plan/v1',
      plans: [
        {
          scenario: 'redis-volume-lost',
          file: expect.stringContaining('redis-volume-lost.yaml'),
          stack: expect.stringContaining('docker-compose.yml'),
          faults: [{ fault: 'wipe-volume', target: 'redis', at: 'worst' }],
          recover: [{ kind: 'restore' }, { kind: 'run' }],
          checks: expect.arrayContaining(['ledger', 'redis.ttl']),
        },
        {
          scenario: 'mysql-dropped-table',
          recover: expect.arrayContaining([{ kind: 'replay', title: expect.any(String) }]),
        },
      ],
    });
    const [first] = jsonOf<{ plans: { components: unknown[]; protect: unknown[] }[] }>(ended).plans;
    expect(first!.components).toContainEqual({
      name: 'redis',
      service: 'redis',
      driver: 'redis',
      objectives: { rtoMs: 300_000, rpoMs: 900_000 },
    });
    expect(first!.protect).toEqual([
      {
        backup: 'redis.snapshot',
        method: 'rdb',
        kind: 'snapshot',
        everyMs: 300_000,
        follows: null,
        copies: ['volume', 'offsite'],
      },
    ]);
  });

  /** The field case: a latency at a proxy that no client comes by; or its control, with clients that do. */
  const beside = async (clients: string): Promise<Ended> => {
    const folder = mkdtempSync(join(tmpdir(), 'muster-way-'));
    for (const name of ['F41.compose.yml', 'F41.strategy.yaml', 'F41.yaml']) {
      writeFileSync(
        join(folder, name),
        readFileSync(join(cases, name), 'utf8').replace(
          'redis: { driver: redis, ',
          `redis: { driver: redis, ${clients}`,
        ),
      );
    }
    const planned = await muster(['plan', 'F41.yaml'], { cwd: folder });
    rmSync(folder, { recursive: true });
    return planned;
  };

  test(ways.beside, async () => {
    const { code, stdout } = await beside('');
    expect(code).toBe(0);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /F41\.yaml:6:\d+: latency breaks a way through toxiproxy, and no load comes that way: tokens goes to redis by redis\./,
    );
  });

  test(ways.through, async () => {
    const { code, stdout } = await beside('clients: { service: toxiproxy, port: 6379 }, ');
    expect(code).toBe(0);
    expect(stdout).not.toContain('breaks a way');
  });

  test(ways.shipped, async () => {
    const files = findScenarios([join(import.meta.dirname, '../../scenarios')]).scenarios.map(
      ({ file }) => file,
    );
    const ended = await muster(['plan', ...files, '--json']);
    const notes = jsonOf<{ plans: { scenario: string; notes: string[] }[] }>(ended).plans.flatMap((one) =>
      one.notes.map((note) => `${one.scenario}: ${note}`),
    );
    expect(notes.filter((note) => /breaks a way/.test(note))).toEqual([]);
  });
});
