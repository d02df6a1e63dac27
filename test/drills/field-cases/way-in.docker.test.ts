import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrillResult } from '../../../core/result.ts';
import { leftOf } from '../../stack/small-stack.ts';
import { jsonOf, muster, type Ended } from '../../support/muster.ts';
import { findingsThat, inRepository } from '../../support/real-drill.ts';

/** F32: nobody gets in as root by a password of the environment. That of a file is in as-it-is. */
const folder = mkdtempSync(join(tmpdir(), 'muster-field-way-in-'));
const out = join(folder, 'out');
beforeAll(() =>
  cpSync(inRepository('fixtures/field-cases'), folder, {
    recursive: true,
    filter: (name) => !/\/F(?!32)\d\d/.test(name),
  }),
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (name: string): Promise<Ended> =>
  muster(['run', join(folder, name), '--json', '--seed', '7', '--out', out]);

async function drill(name: string): Promise<DrillResult> {
  const ended = await run(name);
  const { result } =
    jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills?.[0] ??
    expect.fail(`no drill was judged: ${ended.stderr}`);
  expect(await leftOf(result.drill)).toEqual([]);
  return result;
}

describe('a server that takes TLS alone', { timeout: 600_000 }, () => {
  it('is spoken with by TLS: its clients, its dump, its log, and the restored one', async () => {
    const result = await drill('F32.tls-only.yaml');
    expect(findingsThat('fail', result)).toEqual([]);
    expect(result.findings.find(({ id }) => id.startsWith('rto'))).toMatchObject({ verdict: 'pass' });
    expect(result.loads[0]!.acknowledged).toBeGreaterThan(100);
  });
});

describe('a password of root that the image would make up', { timeout: 600_000 }, () => {
  it("is one that Muster knows in the drill's copy, and in no evidence", async () => {
    const result = await drill('F32.random.yaml');
    expect(findingsThat('fail', result)).toEqual([]);
    expect(result.findings.find(({ id }) => id.startsWith('rto'))).toMatchObject({ verdict: 'pass' });
    const events = readFileSync(join(out, 'drills', result.drill, 'events.jsonl'), 'utf8');
    expect(events).toContain('MYSQL_RANDOM_ROOT_PASSWORD of random: MYSQL_ROOT_PASSWORD instead');
  });
});

describe('the account that the image makes for the application', { timeout: 600_000 }, () => {
  it('dumps the database that it owns, and puts it back where all data was lost', async () => {
    writeFileSync(join(folder, '.env'), 'SHOP_PASSWORD="a word of the shop"\n');
    const result = await drill('F32.owned.yaml');
    expect(findingsThat('fail', result)).toEqual([]);
    expect(result.findings.find(({ id }) => id.startsWith('rto'))).toMatchObject({ verdict: 'pass' });
    expect(result.loads[0]!.acknowledged).toBeGreaterThan(100);
    expect(result.limitations.join('\n')).toMatch(/In no recovery point of random\.daily: accounts/);
  });
});

/** By an account of which no plan knows what it may do: init scripts, or somebody, made it. */
describe('an account that sees one database only', { timeout: 600_000 }, () => {
  it('is refused before anything is broken, with what it lacks', async () => {
    // A plan does not look into the `.env` for it, and Compose does.
    const edit = (name: string, from: string, to: string): void =>
      writeFileSync(join(folder, name), readFileSync(join(folder, name), 'utf8').replace(from, to));
    writeFileSync(join(folder, '.env'), 'CASE_USER=clerk\nSHOP_PASSWORD="a word of the shop"\n');
    edit('F32.compose.yml', 'MYSQL_USER: shop', 'MYSQL_USER: "${CASE_USER:-shop}"');
    edit('F32.limited.strategy.yaml', 'user: shop,', 'user: clerk, database: shop,');
    const ended = await run('F32.limited.yaml');
    const { result } =
      jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills?.[0] ?? expect.fail(ended.stderr);
    expect(ended.code, ended.stdout).toBe(69);
    expect(result.faults).toEqual([]);
    expect(ended.stdout).toMatch(/clerk cannot make a full dump of random/);
    expect(ended.stdout).toMatch(/no SELECT on mysql\.user, no PROCESS/);
    expect(await leftOf(result.drill)).toEqual([]);
  });
});
