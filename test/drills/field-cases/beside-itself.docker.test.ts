import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pollUntil, systemClock } from '../../../core/clock.ts';
import type { DrillResult } from '../../../core/result.ts';
import { leftOf } from '../../stack/small-stack.ts';
import { jsonOf, muster } from '../../support/muster.ts';
import { findingsThat, inRepository } from '../../support/real-drill.ts';
import { freePort, imagesOf, runningCopy } from '../../support/running-copy.ts';

/** F29: names of its own, so that no project of whoever runs the tests is met; as fixed as they were. */
const mark = `shop${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'muster-field-beside-'));
const file = join(folder, 'F29.compose.yml');
const environment: Record<string, string> = { MYSQL_ROOT_PASSWORD: 'of production alone' };
const production = runningCopy({
  project: `${mark}-prod`,
  file,
  environment,
  containers: [`${mark}-mysql`, `${mark}-prod-app-1`],
  networks: [`${mark}-net`],
  volumes: [`${mark}-data`],
});
const { docker, doneTo, compose: prod } = production;
const inMysql = (...shell: string[]): string => docker('exec', `${mark}-mysql`, 'sh', '-c', ...shell);
const sql = (text: string): string =>
  inMysql('MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql -uroot -BNe "$0"', text);

/** Every file of the data by its digest: nothing is written to a server that nobody writes to. */
const files = (): string => inMysql('find /var/lib/mysql -type f -print0 | sort -z | xargs -0 sha256sum');

const running = (): string[] => [
  ...production.running(),
  sql('SELECT @@server_uuid, @@gtid_executed; CHECKSUM TABLE app.orders; SELECT user, host FROM mysql.user'),
];

beforeAll(async () => {
  cpSync(inRepository('fixtures/field-cases'), folder, {
    recursive: true,
    filter: (name) => !/\/F(?!29)\d\d/.test(name),
  });
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .replaceAll(/\bshop-(mysql|net|data)\b/g, `${mark}-$1`)
      .replace('name: shop\n', `name: ${mark}\n`),
  );
  Object.assign(environment, await imagesOf(file));
  environment['CASE_PORT'] = String(await freePort());
  prod('up', '--detach', '--wait');
  sql(
    'CREATE TABLE app.orders (id INT PRIMARY KEY, what TEXT); INSERT INTO app.orders VALUES (1, "of production"), (2, "too"); SET GLOBAL innodb_max_dirty_pages_pct = 0',
  );
  // From here on its server has nothing left to write.
  let before = '';
  const isQuiet = async (): Promise<boolean> => before === (before = files());
  expect(await pollUntil(systemClock, { everyMs: 2_000, deadlineMs: 120_000 }, isQuiet)).toBe(true);
}, 300_000);
afterAll(() => {
  try {
    prod('down', '--volumes');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('F29, a project in which everything is fixed, beside a running copy of itself', {
  timeout: 900_000,
}, () => {
  it('is planned with a line for each thing that is fixed', async () => {
    const { code, stdout } = await muster(['plan', join(folder, 'F29.yaml')], { env: environment });
    expect(code).toBe(0);
    for (const line of [
      `port ${environment['CASE_PORT']} of mysql: free on 127.0.0.1 instead`,
      `container ${mark}-mysql: one of the drill's own instead`,
      `network ${mark}-net: one of the drill's own instead`,
      `volume ${mark}-data: one of the drill's own instead`,
      'subnet 10.231.199.0/24 of network shop: one that is free instead',
      'address 10.231.199.10 of mysql: whichever is free instead',
      '10.231.199.10 in the command of app: mysql instead',
    ])
      expect(stdout).toContain(line);
  });

  it('is lost and restored in two drills at a time, and nothing whatever is done to the copy', async () => {
    const since = Math.floor(Date.now() / 1000);
    const before = { running: running(), files: files() };
    const scenario = join(folder, 'F29.yaml');
    const ended = await muster(
      ['run', scenario, scenario, '--jobs', '2', '--json', '--out', join(folder, 'out')],
      { env: environment },
    );
    const { drills } = jsonOf<{ drills?: { result: DrillResult }[] }>(ended);
    expect(drills?.length, ended.stderr).toBe(2);
    for (const { result } of drills!) {
      expect(findingsThat('fail', result)).toEqual([]);
      expect(result.findings.find(({ id }) => id.startsWith('rto'))).toMatchObject({ verdict: 'pass' });
      expect(await leftOf(result.drill)).toEqual([]);
    }
    expect(doneTo(since)).toEqual([]);
    expect({ running: running(), files: files() }).toEqual(before);
  });

  it('of which one write, one restart, and one name taken would have been seen', () => {
    const since = Math.floor(Date.now() / 1000);
    const before = { running: running(), files: files() };
    docker('restart', `${mark}-prod-app-1`);
    sql('INSERT INTO app.orders VALUES (3, "of somebody else")');
    const after = { running: running(), files: files() };
    expect(after.files).not.toBe(before.files);
    expect(after.running[0]).toBe(before.running[0]);
    expect(after.running[1]).not.toBe(before.running[1]);
    expect(after.running[4]).not.toBe(before.running[4]);
    expect(doneTo(since)).toContainEqual(expect.stringMatching(/^container restart /));
  });
});
