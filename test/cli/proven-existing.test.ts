import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { digestOf } from '../../core/ledger.ts';
import { memoryFiles } from '../support/memory-drill.ts';
import { jsonOf, muster, type Ended } from '../support/muster.ts';

interface Written {
  components: Record<string, Record<string, unknown>>;
}
const newest = { table: 'meta', column: '1', within: '26h' };
const dump = (at: string): string =>
  `-- memory dump of shop\norders 1 one\norders 2 two\nmeta 1 ${at}\n-- end\n`;
const good = (): string => dump(new Date().toISOString());

/** As the driver in memory digests a table. */
const digestOfOrders = String(
  digestOf(
    JSON.stringify([
      [1, 'one'],
      [2, 'two'],
    ]),
  ).low,
);

let folder: string;
let component: string;
const run = (...args: string[]): Promise<Ended> => muster(args, { cwd: folder });
/** With backups that lie in `kept`, and what is expected of them. */
function declare(expected: object = {}): void {
  const file = join(folder, 'strategy.yaml');
  const strategy = parse(readFileSync(file, 'utf8')) as Written;
  component = Object.keys(strategy.components)[0]!;
  strategy.components[component]!['existing'] = { from: 'kept.dump', expect: { newest, ...expected } };
  writeFileSync(file, stringify(strategy));
}
beforeEach(() => {
  ({ folder } = memoryFiles());
  declare();
});

interface Told {
  backups: { backup: string; ok: boolean; proof: { file: { name: string; sha256: string } } | null }[];
}
const told = async (...args: string[]): Promise<[number | null, [string, boolean][]]> => {
  const ended = await run('proven', '--json', ...args);
  return [ended.code, jsonOf<Told>(ended).backups.map(({ backup, ok }) => [backup, ok])];
};

describe('muster proven, of backups that other tools made', () => {
  test('names the file that was restored, and its digest', async () => {
    writeFileSync(join(folder, 'kept.dump'), good());
    expect(await run('restore-test', 'strategy.yaml', component)).toMatchObject({ code: 0 });
    const ended = await run('proven', `${component}.existing`);
    expect(ended.code).toBe(0);
    const sha256 = createHash('sha256')
      .update(readFileSync(join(folder, 'kept.dump')))
      .digest('hex');
    expect(ended.stdout).toContain(`of ${join(folder, 'kept.dump')}, SHA-256 ${sha256}`);
  });

  test('says of those that are declared and whose one test was red that they never were: 1', async () => {
    writeFileSync(join(folder, 'kept.dump'), dump('2025-01-01 00:00:00'));
    expect(await run('restore-test', 'strategy.yaml', component)).toMatchObject({ code: 1 });
    expect(await told()).toEqual([1, [[`${component}.existing`, false]]]);
  });

  test('takes a file that the command line named for none of those that are declared', async () => {
    const own = join(folder, 'by-hand.dump');
    writeFileSync(join(folder, 'kept.dump'), dump('2025-01-01 00:00:00'));
    writeFileSync(own, good());
    const tested = await run('restore-test', 'strategy.yaml', component, '--from', own);
    expect(tested.code, tested.stdout + tested.stderr).toBe(0);
    expect(await told(`${component}.existing`)).toEqual([1, [[`${component}.existing`, false]]]);
    expect(await told()).toEqual([0, [[`${component}, by --from`, true]]]);
    // The place that is declared may be named as well.
    writeFileSync(join(folder, 'kept.dump'), good());
    expect(await run('restore-test', 'strategy.yaml', component, '--from', 'kept.dump')).toMatchObject({
      code: 0,
    });
    expect((await told(`${component}.existing`))[0]).toBe(0);
  });
});

describe('what the command line expects beside what is declared', () => {
  test('is asked as well, and takes the place of what it names anew', async () => {
    writeFileSync(join(folder, 'kept.dump'), good());
    declare({ rows: { orders: 3 } });
    const beside = await run('restore-test', 'strategy.yaml', component, '--rows', 'meta=1');
    expect(beside.code, beside.stdout).toBe(1);
    expect(beside.stdout).toMatch(/orders has 2, and should have at least 3/);
    const anew = await run('restore-test', 'strategy.yaml', component, '--rows', 'orders=2');
    expect(anew.code, anew.stdout).toBe(0);
  });
});

describe('a fingerprint that is not of everything', () => {
  test('is held against what it is of, and then says nothing: 2', async () => {
    const text = good();
    writeFileSync(join(folder, 'kept.dump'), text);
    const wrong = { rows: 1, digest: 'another' };
    const file = {
      ...{ schema: 'muster/fingerprint/v1', component, driver: 'memory', server: 'memory' },
      ...{ takenAt: new Date().toISOString(), data: { orders: wrong }, definitions: {} },
    };
    const tested = async (data: object, unread: string[]): Promise<Ended> => {
      writeFileSync(join(folder, 'source.json'), JSON.stringify({ ...file, data, unread }));
      return run('restore-test', 'strategy.yaml', component, '--fingerprint', 'source.json');
    };
    const red = await tested({ orders: wrong }, ['values of type ReJSON-RL']);
    expect(red.code, red.stdout).toBe(1);
    const rows = { orders: { rows: 2, digest: digestOfOrders } };
    const open = await tested(rows, ['values of type ReJSON-RL']);
    expect(open.code, open.stdout).toBe(2);
    expect(open.stdout).toMatch(/and it is not of\s+values of type\s+ReJSON-RL/);
    expect((await tested(rows, [])).code).toBe(0);
  });
});
