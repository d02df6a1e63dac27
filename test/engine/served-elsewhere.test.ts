import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { planDrill } from '../../engine/plan.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { scratch } from '../support/scratch.ts';

const compose = `services:
  db: { image: mysql }
  db-east: { image: mysql }
  db-far: { image: mysql }
  cache: { image: redis }
  haproxy: { image: haproxy }
  toxiproxy: { image: toxiproxy }
`;

/** Two databases, a cache, and a way in for each of two of them. */
const strategyOf = ({ way = 'toxiproxy', standby = true, east = '' }): string => `strategy: test
stack: ./compose.yml
components:
  db: { driver: mysql, clients: { service: ${way}, port: 3306 }, objectives: { rto: 5m } }
  cache: { driver: redis, clients: { service: ${way}, port: 6379 } }
${standby ? `  db-east: { driver: mysql${east} }\n` : ''}  way: { driver: toxiproxy, service: toxiproxy }
`;

interface Case {
  fault?: string;
  recover: string;
  staysAway?: string;
  load?: string;
  way?: string;
  standby?: boolean;
  /** More of it. */
  east?: string;
}

/** The inventories that run by default, and for which reason. */
async function looked(one: Case, why = 'touched'): Promise<string[]> {
  const { fault = '{ stop: db, at: +5s }', recover, staysAway = '[]', load = 'db' } = one;
  const own = mkdtempSync(join(scratch, 'elsewhere-'));
  writeFileSync(join(own, 'compose.yml'), compose);
  writeFileSync(join(own, 'strategy.yaml'), strategyOf(one));
  writeFileSync(
    join(own, 'scenario.yaml'),
    `scenario: test
strategy: ./strategy.yaml
title: A test
load: { clients: { target: ${load}, rate: 200/s } }
fault: ${fault}
recover: ${recover}
staysAway: ${staysAway}
check: [ledger]
`,
  );
  const provider = createStackProvider({ progress: () => undefined });
  const { checks } = await planDrill(join(own, 'scenario.yaml'), registries, provider);
  return checks.flatMap(({ id, check, byDefault }) =>
    check === 'inventory' && byDefault === why ? [id] : [],
  );
}

const failover = (upstream: string, of = ', target: way'): string =>
  `[{ run: failover${of}, with: { proxy: db, upstream: '${upstream}' } }]`;
const db = ['db.inventory'];

describe('what clients find at another server is looked at', () => {
  it.each<[string, Case]>([
    ['where a step alone sends them there', { recover: failover('db-east:3306') }],
    ['where that step does not name the one component that can', { recover: failover('db-east:3306', '') }],
    ['where that server is no component, by its port', { recover: failover('db-far:3306'), standby: false }],
    [
      'where what was broken stays away, and a proxy of their own sends them elsewhere by itself',
      { recover: 'automatic', staysAway: '[db]', way: 'haproxy', standby: false },
    ],
    [
      'where a command sends them there, and what was broken stays away',
      { recover: '[{ command: [switch], in: haproxy }]', staysAway: '[db]', way: 'haproxy', standby: false },
    ],
    [
      'where what was broken stays away by the name of its service, and a server of the kind is left',
      { recover: 'automatic', staysAway: '[db]', way: 'haproxy', load: 'cache' },
    ],
    [
      'where nobody acts, and a server behind the same way in may have taken over though the broken one is back',
      {
        recover: 'automatic',
        way: 'haproxy',
        east: ', clients: { service: haproxy, port: 3306 }',
        load: 'db-east',
      },
    ],
  ])('%s', async (_name, one) => expect(await looked(one)).toEqual(db));

  it('of all that come by that way where nothing says which it serves', async () => {
    const one = { recover: failover('db-far:13306'), standby: false };
    expect(await looked(one)).toEqual([...db, 'cache.inventory']);
  });
});

describe('where nothing else serves, nothing more is looked at', () => {
  it.each<[string, Case]>([
    ['the server comes back by itself, and there is no other', { recover: 'automatic', standby: false }],
    ['somebody starts it again', { recover: '[{ run: restart, target: db }]' }],
    [
      'it stays away, nobody asks for it, and there is no other',
      { recover: 'automatic', staysAway: '[db]', load: 'cache', standby: false },
    ],
    [
      'what was broken is a way in, and nobody was sent anywhere',
      { fault: '{ proxy-down: way, proxy: db, at: +5s }', recover: '[{ run: reset-way }]' },
    ],
    [
      'a standby was broken, which has no way in',
      { fault: '{ stop: db-east, at: +5s }', recover: 'automatic' },
    ],
    [
      'nobody acts, and the other server of the kind has a way in of its own',
      {
        fault: '{ crash: db, at: +5s }',
        recover: 'automatic',
        east: ', clients: { service: toxiproxy, port: 3307 }',
      },
    ],
    [
      'nobody acts, and the other server of the kind has a load of its own',
      { fault: '{ crash: db, at: +5s }', recover: 'automatic', load: 'db-east' },
    ],
    [
      'it stays away, nobody asks for it, and what is left of the kind has a way in of its own',
      {
        recover: 'automatic',
        staysAway: '[db]',
        load: 'cache',
        east: ', clients: { service: toxiproxy, port: 3307 }',
      },
    ],
  ])('%s', async (_name, one) => {
    expect(await looked(one)).toEqual([]);
    expect(await looked(one, 'elsewhere')).toEqual([]);
  });
});

test('where nobody acts, and the other server may be a standby or not, a difference is open', async () => {
  const one = { fault: '{ crash: db, at: +5s }', recover: 'automatic', way: 'haproxy' };
  expect(await looked(one)).toEqual([]);
  expect(await looked(one, 'elsewhere')).toEqual(db);
});
