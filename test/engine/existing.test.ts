import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { registries } from '../../cli/registries.ts';
import type { DrillResult } from '../../core/result.ts';
import { eventsOf, type TimelineEvent } from '../../core/timeline.ts';
import { objects } from '../../engine/expectations.ts';
import { planRestoreTest } from '../../engine/plan-restore-test.ts';
import { agreementDamage } from '../../evidence/agreement.ts';
import { timelineDamage } from '../../evidence/timeline-damage.ts';
import { carryOutInMemory, memoryFiles, noStacks } from '../support/memory-drill.ts';
import { nextClockBeginsMs } from '../support/virtual-clock.ts';
import { eventsIn } from '../support/recorded.ts';

interface Case {
  /** Each file by its name. */
  files: Record<string, string | Buffer>;
  existing: Record<string, unknown>;
  check?: string[];
}
interface Tested {
  folder: string;
  result: DrillResult;
  events: TimelineEvent[];
  component: string;
}

/** Before the drill in memory that is begun next, by its own clock: others of this process were before it. */
const ago = (ms: number): string => new Date(nextClockBeginsMs() - ms).toISOString();
const hour = 3_600_000;
const dump = (of = 'shop', newest = ago(hour), rows = 3): string =>
  [
    `-- memory dump of ${of}`,
    ...Array.from({ length: rows }, (_, i) => `orders ${i + 1} order ${i + 1}`),
    `meta 1 ${newest}`,
    '-- end\n',
  ].join('\n');
const newest = { table: 'meta', column: '1', within: '26h' };
const expectations = { newest, rows: { orders: 3 }, tables: ['orders'] };

async function restoreTest({ files, existing, check = [] }: Case): Promise<Tested> {
  const { folder } = memoryFiles();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const { components } = parse(readFileSync(join(folder, 'strategy.yaml'), 'utf8')) as {
    components: object;
  };
  const component = Object.keys(components)[0]!;
  const ran = await carryOutInMemory(folder, {}, ({ registries: known }) =>
    planRestoreTest(
      { strategyFile: join(folder, 'strategy.yaml'), restore: component, check, existing },
      known,
      noStacks,
    ),
  );
  return { ...ran, component, events: eventsIn(ran.folder) };
}
const of = ({ result, component }: Tested, verdict: string): string[] =>
  result.findings
    .filter((one) => one.verdict === verdict)
    .map(({ id }) => id.replace(component, 'db'))
    .sort();
const detail = ({ result, component }: Tested, id: string): string =>
  result.findings.find((one) => one.id === id.replace('db', component))?.detail ?? expect.fail(`no ${id}`);

/** Without some events, as somebody would have it who numbers the others anew. */
const leftOut = (events: readonly TimelineEvent[], is: (event: TimelineEvent) => boolean): TimelineEvent[] =>
  events.filter((event) => !is(event)).map((event, seq) => ({ ...event, seq }));

describe('a restore test of a backup that other tools made', () => {
  const good = gzipSync(dump());
  const tested = restoreTest({
    files: { 'a.dump.gz': good },
    existing: { from: 'a.dump.gz', expect: expectations },
  });
  it('passes where it holds what is expected, and is as new', async () => {
    const { result } = await tested;
    expect(result.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    expect(result.exitCode).toBe(0);
  });
  it('has its size, its digest and its origin in the evidence', async () => {
    const { events } = await tested;
    const [restored] = eventsOf(events, 'existing.restored');
    expect(restored!.data).toMatchObject({
      provenance: 'external',
      bytes: good.length,
      sha256: createHash('sha256').update(good).digest('hex'),
      layers: ['gzip'],
      format: 'lines',
      database: 'shop',
    });
  });
  it('is whole, and damaged without one of its expectations, or its restore', async () => {
    const { events } = await tested;
    expect(timelineDamage(events)).toBeNull();
    expect(agreementDamage(events, registries)).toBeNull();
    const without = (is: (event: TimelineEvent) => boolean): TimelineEvent[] => leftOut(events, is);
    expect(timelineDamage(without(({ type }) => type === 'existing.restored'))).toMatch(
      /no one backup that exists already was restored in it/,
    );
    for (const name of ['newest', 'rows.orders', 'tables', 'usable'])
      expect(
        agreementDamage(
          without((event) => event.type === 'check.ended' && event.data.check.endsWith(`.${name}`)),
          registries,
        ),
        name,
      ).toMatch(/never ended/);
  });
});

describe('a restore test that must not pass', () => {
  it.each<[string, Partial<Case>, number, string[], RegExp]>([
    ['nothing declared', { existing: { from: 'a.dump' } }, 2, [], /nor what it must hold: add expect/],
    [
      'freshness alone undeclared',
      { existing: { from: 'a.dump', expect: { rows: { orders: 3 } } } },
      2,
      [],
      /how old/,
    ],
  ])('%s', async (_, given, code, failed, said) => {
    const tested = await restoreTest({ files: { 'a.dump': dump() }, existing: {}, ...given });
    expect(tested.result.exitCode).toBe(code);
    expect(of(tested, 'fail')).toEqual(failed);
    expect(detail(tested, 'existing/db/freshness')).toMatch(said);
  });

  it.each<[string, object, string, RegExp]>([
    ['old', { newest: { ...newest, within: '30m' } }, 'check/db.newest', /1 h .*may be 30m/],
    ['with too few rows', { newest, rows: { orders: 4 } }, 'check/db.rows.orders', /has 3, .* at least 4/],
    ['without a table', { newest, rows: { users: 1 } }, 'check/db.rows.users', /there is no users .* orders/],
    [
      'without what is named',
      { newest, tables: ['users'] },
      'check/db.tables',
      /missing in the backup: users/,
    ],
    [
      'against a query',
      { newest, sql: { sound: 'orders.1' } },
      'check/db.sql.sound',
      /gives order 1, and not/,
    ],
  ])('%s', async (_, expected, id, said) => {
    const tested = await restoreTest({
      files: { 'a.dump': dump() },
      existing: { from: 'a.dump', expect: expected },
    });
    expect(of(tested, 'fail')).toEqual([id]);
    expect(tested.result.exitCode).toBe(1);
    expect(detail(tested, id)).toMatch(said);
  });

  it('of not one table is of no use', async () => {
    const tested = await restoreTest({
      files: { 'a.dump': '-- memory dump of shop\n-- end\n' },
      existing: { from: 'a.dump', expect: { newest } },
    });
    expect(of(tested, 'fail')).toContain('check/db.usable');
    expect(detail(tested, 'check/db.usable')).toBe('not one table is there');
  });

  it('names of each expectation the run in which it was seen to fail', async () => {
    const { result } = await restoreTest({
      files: { 'a.dump': dump() },
      existing: { from: 'a.dump', expect: { ...expectations, sql: { sound: 'orders.1' } } },
    });
    expect(result.checks.length).toBeGreaterThan(4);
    for (const { check, knownBad } of result.checks) {
      const text = readFileSync(join(import.meta.dirname, '../..', knownBad!.shownBy), 'utf8');
      expect(text, check).toContain(check.split('.')[1]!);
    }
  });

  it.each<[string, () => string, RegExp]>([
    ['in the future', () => ago(-48 * hour), /yet to come/],
    ['no time', () => 'yesterday', /which is no time/],
    [
      'of after its restore began',
      () => ago(-4 * 60_000),
      /after its restore had begun: the server filled it in/,
    ],
  ])('whose newest record is %s', async (_, at, said) => {
    const tested = await restoreTest({
      files: { 'a.dump': dump('shop', at()) },
      existing: { from: 'a.dump', expect: { newest } },
    });
    expect(tested.result.exitCode).not.toBe(0);
    expect(detail(tested, 'check/db.newest')).toMatch(said);
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['empty', '', /it is empty: 0 bytes/],
    ['cut off', dump().slice(0, -8), /it is cut off/],
    ['cut off in its gzip', gzipSync(dump()).subarray(0, -12), /its gzip ends in the middle/],
    ['damaged in its gzip', gzipSync(dump()).fill(0x55, 30, 60), /its gzip is damaged/],
    ['something else', 'hello', /it is no memory dump/],
    ['in a gzip of nothing', gzipSync(''), /it is no memory dump/],
  ])('of a file that is %s', async (_, content, said) => {
    const tested = await restoreTest({
      files: { 'a.dump': content },
      existing: { from: 'a.dump', expect: expectations },
    });
    expect(tested.result.exitCode).toBe(1);
    expect(of(tested, 'fail')).toContain('existing/db');
    expect(detail(tested, 'existing/db')).toMatch(said);
  });
});

describe('accounts that are expected', () => {
  const held = (before: readonly string[], ...named: string[]): ReturnType<typeof objects> =>
    objects(
      { objects: async () => ['app@%', 'clerk@%', 'clerk@localhost'], accountsBefore: () => before },
      { check: 'db.users', kind: 'objects', of: 'users', named },
    );
  it('are in the backup where it brought them', async () => {
    expect(await held([], 'app', 'clerk')).toMatchObject({ verdict: 'pass' });
    expect(await held(['clerk@localhost'], 'clerk'), 'another one of the name').toMatchObject({
      verdict: 'pass',
    });
  });
  it('are not shown to be in it where they were there before', async () => {
    expect(await held(['app@%'], 'app', 'clerk')).toMatchObject({
      verdict: 'inconclusive',
      detail:
        'app was on the server before the backup was loaded, which brought no such account: not shown to be in the backup',
      facts: { unshown: ['app'] },
    });
  });
  it('are missing all the same where they are nowhere', async () => {
    expect(await held(['app@%'], 'app', 'boss')).toMatchObject({ verdict: 'fail' });
  });
});

describe('which of several is restored', () => {
  const several = (files: Case['files'], more: object = {}): Promise<Tested> =>
    restoreTest({ files, existing: { from: '*.dump', ...more, expect: expectations } });
  const restoredOf = ({ events }: Tested): string | undefined =>
    eventsOf(events, 'existing.restored')[0]?.data.name.split('/').at(-1);

  it('is the newest by name, whenever it was written', async () => {
    const tested = await several({ 'shop-2026-11-28.dump': dump(), 'shop-2026-11-27.dump': dump() });
    expect(restoredOf(tested)).toBe('shop-2026-11-28.dump');
    expect(tested.result.exitCode).toBe(0);
  });
  it('is one of the database that is meant; who was passed over is told with why, and fails nothing', async () => {
    const tested = await several(
      { 'a-2026-11-28.dump': dump('blog'), 'b-2026-11-27.dump': dump() },
      { database: 'shop' },
    );
    expect(restoredOf(tested)).toBe('b-2026-11-27.dump');
    expect(tested.result.exitCode).toBe(0);
    expect(detail(tested, 'existing/db')).toMatch(/a-2026-11-28.dump: it is a dump of blog, and not of shop/);
  });
  it('is the next older one where the newest is broken, and that fails', async () => {
    const tested = await several({ '2026-11-28.dump': dump().slice(0, -8), '2026-11-27.dump': dump() });
    expect(restoredOf(tested)).toBe('2026-11-27.dump');
    expect(tested.result.exitCode).toBe(1);
    expect(of(tested, 'fail')).toEqual(['existing/db']);
    expect(detail(tested, 'existing/db')).toMatch(
      /A broken backup was found: .*2026-11-28.dump: it is cut off/,
    );
  });
  it('of a timeline that no longer tells of the broken one is damaged', async () => {
    const { events } = await several({ '2026-11-28.dump': dump().slice(0, -8), '2026-11-27.dump': dump() });
    expect(timelineDamage(events)).toBeNull();
    expect(timelineDamage(leftOut(events, ({ type }) => type === 'existing.examined'))).toMatch(
      /its restore failed at event/,
    );
  });
  it('is found among hundreds of files that are none, of which some are told', async () => {
    const beside = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`note-${i}.txt`, 'x']));
    const tested = await restoreTest({
      files: { ...beside, 'shop-2026-01-01.dump': dump() },
      existing: { from: '{note*,shop*}', expect: expectations },
    });
    expect(tested.result.exitCode).toBe(0);
    expect(eventsOf(tested.events, 'existing.examined')).toHaveLength(50);
    expect(eventsOf(tested.events, 'note').map(({ data }) => data.text)).toEqual([
      expect.stringMatching(/^70 more files .* are passed over by their names$/),
    ]);
  });
  it('is none where nothing matches', async () => {
    const tested = await several({});
    expect(tested.result.exitCode).toBe(1);
    expect(detail(tested, 'recovery')).toMatch(/nothing is there/);
  });
});
