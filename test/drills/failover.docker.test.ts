import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scene } from '../support/tampering.ts';
import { detailOf, drillForReal, findingsThat, inRepository } from '../support/real-drill.ts';
import { failovers, type Failover } from './failover-cases.ts';

/** Checks judge the server that clients use after a failover; no scenario here asks for the inventory. */
let folder: string;
let strategy: Record<string, unknown>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-failovers-'));
  const compose = join(folder, 'compose.yml');
  const text = await readFile(inRepository('test/fixtures/replicas.compose.yml'), 'utf8');
  const labelled = text
    .replace('  mysql: &mysql\n', '  mysql: &mysql\n    labels: { muster.region: west }\n')
    .replace('    <<: *mysql\n', '    <<: *mysql\n    labels: { muster.region: east }\n');
  expect(labelled.match(/muster\.region/g)).toHaveLength(2);
  await writeFile(compose, labelled);
  strategy = {
    strategy: 'two-servers',
    stack: compose,
    components: {
      mysql: {
        driver: 'mysql',
        clients: { service: 'toxiproxy', port: 3306 },
        objectives: { rto: '5m', rpo: '15m' },
      },
      'mysql-east': { driver: 'mysql' },
      way: { driver: 'toxiproxy', service: 'toxiproxy' },
    },
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const withThreeRows = async ({ stack, environment }: Scene): Promise<void> => {
  const { code, stderr } = await stack.services.get('mysql')!.exec(['mysql', '--user=root', 'app'], {
    env: { MYSQL_PWD: environment['MYSQL_ROOT_PASSWORD']! },
    stdin: 'CREATE TABLE item (id INT PRIMARY KEY); INSERT INTO item VALUES (1), (2), (3);',
  });
  expect(code, stderr).toBe(0);
};

function scenarioOf({ how, spoil }: Failover): Record<string, unknown> {
  const statement = (sql: string): object => ({
    command: ['sh', '-c', `MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql -uroot -e "${sql}"`],
    in: 'mysql-east',
  });
  const planned = how !== 'region lost';
  const byHand = how === 'by hand';
  const promoted = byHand
    ? statement(
        'STOP REPLICA; RESET REPLICA ALL; SET PERSIST super_read_only = OFF; SET PERSIST read_only = OFF',
      )
    : { run: 'promote', target: 'mysql-east' };
  return {
    scenario: 'failover',
    title: 'Clients go on at another server',
    load: { orders: { target: 'mysql', rate: '50/s' } },
    seed: [{ run: 'replicate', target: 'mysql-east', with: { source: 'mysql' } }],
    fault: planned
      ? { 'closed-for-writes': 'mysql', at: '+4s' }
      : { 'region-lost': 'west', how: 'dead', at: '+4s' },
    recover: [
      planned ? { run: 'catch-up', target: 'mysql-east' } : { run: 'fence', target: 'mysql' },
      promoted,
      ...(spoil === null ? [] : [statement(spoil)]),
      { run: 'failover', target: 'way', with: { proxy: 'mysql', upstream: 'mysql-east:3306' } },
    ],
    // A command that runs in a service is a reason to look at what lives there: this is about what clients
    // find.
    ...(spoil === null || byHand
      ? {}
      : { decline: { 'mysql-east.inventory': 'clients do not ask for it by that name' } }),
    check: ['ledger'],
    settle: '2s',
    giveUp: '20s',
    // What was promoted by somebody else is to its driver a replica that receives nothing.
    ...(planned ? { staysAway: byHand ? ['mysql', 'mysql-east'] : ['mysql'] } : {}),
  };
}

describe('a failover', { concurrent: true, timeout: 600_000 }, () => {
  it.for(failovers.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    const { result } = await drillForReal({
      strategy,
      scenario: scenarioOf(one),
      tampering: { up: withThreeRows },
    });
    const inventory = detailOf(result, 'check/mysql.inventory');
    expect(findingsThat('fail', result), inventory).toEqual(
      one.exitCode === 0 ? [] : ['check/mysql.inventory'],
    );
    expect(result.exitCode, findingsThat('inconclusive', result).join()).toBe(one.exitCode);
    expect(inventory).toMatch(one.says);
  });
});
