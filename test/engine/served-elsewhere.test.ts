import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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
const strategyOf = ({
  way = 'toxiproxy',
  standby = true,
  east = '',
  far = '',
}: Case): string => `strategy: test
stack: ./compose.yml
components:
  db: { driver: mysql, clients: { service: ${way}, port: 3306 }, objectives: { rto: 5m } }
  cache: { driver: redis, clients: { service: ${way}, port: 6379 } }
${standby ? `  db-east: { driver: mysql${east} }\n` : ''}${far && `  db-far: { driver: mysql${far} }\n`}  way: { driver: toxiproxy, service: toxiproxy }
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
  /** What a third database is reached by; left out: it is no component. */
  far?: string;
}

const by = (service: string, port: number): string => `, clients: { service: ${service}, port: ${port} }`;

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
const again = '[{ run: restart, target: db }]';
const promoted = '[{ run: promote, target: db-east }]';
const rejoined = (old: string, source: string): string =>
  `[{ run: rejoin, target: ${old}, with: { source: ${source} } }]`;
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
        east: by('haproxy', 3306),
        load: 'db-east',
      },
    ],
    [
      'where what was broken follows a server that has no way in of its own',
      { recover: rejoined('db', 'db-east'), way: 'haproxy' },
    ],
    [
      'where what was broken follows a server behind the same way in',
      { recover: rejoined('db', 'db-east'), way: 'haproxy', east: by('haproxy', 3306), load: 'db-east' },
    ],
    [
      'where what was broken is copied anew from another server',
      { recover: rejoined('db', 'db-east').replace('rejoin', 'replicate'), way: 'haproxy' },
    ],
    [
      'where another server is promoted, and nothing of the kind was broken that clients come to',
      { fault: '{ crash: cache, at: +5s }', recover: promoted },
    ],
  ])('%s', async (_name, one) => expect(await looked(one)).toEqual(db));

  it('of all that come by that way where nothing says which it serves', async () => {
    const one = {
      fault: '{ proxy-down: way, proxy: other, at: +5s }',
      recover: failover('db-far:13306').replace('proxy: db', 'proxy: other'),
      standby: false,
    };
    expect(await looked(one)).toEqual([...db, 'cache.inventory']);
  });

  it('of a promoted server that has a way in of its own as well', async () => {
    const one = { recover: promoted, way: 'haproxy', east: by('haproxy', 3307) };
    expect(await looked(one)).toEqual([...db, 'db-east.inventory']);
  });
});

describe('where nothing else serves, nothing more is looked at', () => {
  it.each<[string, Case]>([
    ['the server comes back by itself, and there is no other', { recover: 'automatic', standby: false }],
    ['somebody starts it again, and there is no other', { recover: again, standby: false }],
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
        east: by('haproxy', 3306),
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
        east: by('haproxy', 3306),
      },
    ],
    [
      'somebody starts it again, and the other server of the kind has a load of its own',
      { fault: '{ crash: db, at: +5s }', recover: again, load: 'db-east' },
    ],
    [
      'a standby was broken and follows the server again that it followed',
      { fault: '{ crash: db-east, at: +5s }', recover: rejoined('db-east', 'db') },
    ],
  ])('%s', async (_name, one) => {
    expect(await looked(one)).toEqual([]);
    expect(await looked(one, 'elsewhere')).toEqual([]);
  });
});

describe('where the other server may have taken over or not, a difference is open', () => {
  const crash = '{ crash: db, at: +5s }';
  const call = '[{ run: reset-way }]';
  it.each<[string, Case]>([
    ['nobody acts', { fault: crash, recover: 'automatic', way: 'haproxy' }],
    ['somebody starts what was broken again', { recover: again }],
    ['whatever step is harmless', { fault: crash, recover: call, way: 'haproxy' }],
    [
      'a step is harmless, and the other server is behind the same way in',
      { fault: crash, recover: call, way: 'haproxy', east: by('haproxy', 3306) },
    ],
    [
      'nobody acts, and the other server is behind another port of the same service',
      { fault: crash, recover: 'automatic', east: by('toxiproxy', 3307) },
    ],
    [
      'the other port of the same service has a load of its own',
      { fault: crash, recover: 'automatic', east: by('toxiproxy', 3307), load: 'db-east' },
    ],
    [
      'what was broken stays away, nobody asks for it, and another port of the same service is left',
      { recover: 'automatic', staysAway: '[db]', load: 'cache', east: by('toxiproxy', 3307) },
    ],
    [
      'what was broken follows a server that has another way in',
      { fault: crash, recover: rejoined('db', 'db-east'), east: by('haproxy', 3306) },
    ],
  ])('%s', async (_name, one) => {
    expect(await looked(one)).toEqual([]);
    expect(await looked(one, 'elsewhere')).toEqual(db);
  });
});

describe('of a step that is about one application, another one is not compared strictly', () => {
  const far = ['db-far.inventory'];
  it.each<[string, Case, string[]]>([
    ['a promotion, and the other has another service', { recover: promoted, far: by('haproxy', 3306) }, []],
    ['a promotion, and the other has another port', { recover: promoted, far: by('toxiproxy', 3307) }, far],
    [
      'a promotion beside a command, and the other has another port',
      { recover: `[{ command: [check], in: haproxy }, ${promoted.slice(1)}`, far: by('toxiproxy', 3307) },
      far,
    ],
    [
      'a way in is moved, and the other has another port',
      { recover: failover('db-east:3306'), far: by('toxiproxy', 3307) },
      far,
    ],
  ])('%s', async (_name, one, open) => {
    expect(await looked(one)).toEqual(db);
    expect(await looked(one, 'elsewhere')).toEqual(open);
  });

  it('a promotion, and nothing tells whose clients it serves', async () => {
    const one = { fault: '{ crash: cache, at: +5s }', recover: promoted, far: by('haproxy', 3306) };
    expect(await looked(one)).toEqual([]);
    expect(await looked(one, 'elsewhere')).toEqual([...db, ...far]);
  });
});
