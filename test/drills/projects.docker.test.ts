import { createHash } from 'node:crypto';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { jsonOf, muster, type Ended } from '../support/muster.ts';
import { leftOf } from '../stack/small-stack.ts';

const project = join(import.meta.dirname, '../fixtures/projects/shop');
const passwords = ['correct horse battery', 'staple-of-the-cache'];
const folder = mkdtempSync(join(tmpdir(), 'muster-shop-'));
const at = (...args: string[]): Promise<Ended> => muster(args, { cwd: folder });

const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Every file of the user's own with its bytes and mode; none of what Muster writes. */
const files = (): Record<string, string> =>
  Object.fromEntries(
    globSync('**/*', { cwd: folder, exclude: (name) => ['muster', '.muster'].includes(name) })
      .concat('.env')
      .map((name) => ({ name, path: join(folder, name) }))
      .filter(({ path }) => statSync(path).isFile())
      .map(({ name, path }) => [name, `${statSync(path).mode} ${digest(path)}`]),
  );

/** What a user has by `muster init`, `plan` and `run`, in a project that knows nothing of Muster. */
describe('an ordinary shop, as it is', { timeout: 600_000 }, () => {
  let before: Record<string, string>;
  beforeAll(() => {
    cpSync(project, folder, { recursive: true });
    before = files();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('init writes a strategy and two scenarios, and plan accepts them', async () => {
    const init = await at('init', '--rto', '10m', '--rpo', '24h', '--yes');
    expect([init.stderr, init.code]).toEqual(['', 0]);
    const planned = await at('plan', 'muster/db-volume-lost.yaml', 'muster/web-crash.yaml');
    expect([planned.stderr, planned.code]).toEqual(['', 0]);
    expect(planned.stdout).toContain("external network shop-proxy: one of the drill's own instead");
  });

  test('its database is lost and restored, with the password of its .env', async () => {
    const run = await at('run', 'muster/db-volume-lost.yaml', '--json');
    const [{ result }] = jsonOf<{ drills: [{ result: DrillResult }] }>(run).drills;
    expect(result.findings.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(result.verdict).toBe('pass');
    const evidence = globSync('.muster/drills/**/*', { cwd: folder })
      .map((name) => join(folder, name))
      .filter((name) => statSync(name).isFile())
      .map((name) => readFileSync(name, 'latin1'));
    expect(evidence.length).toBeGreaterThan(3);
    for (const password of passwords) expect(evidence.filter((text) => text.includes(password))).toEqual([]);
    expect(await leftOf(result.drill)).toEqual([]);
  });

  test('its web service is killed, and its restart policy brings it back', async () => {
    const run = await at('run', 'muster/web-crash.yaml', '--json');
    const [{ result }] = jsonOf<{ drills: [{ result: DrillResult }] }>(run).drills;
    expect(result.findings.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(result.verdict).toBe('pass');
    expect(await leftOf(result.drill)).toEqual([]);
  });

  test('and not a byte of its own is another one', () => {
    expect(files()).toEqual(before);
  });
});
