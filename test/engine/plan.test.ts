import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputErrors, MusterError } from '../../core/errors.ts';
import { planDrill, type Plan } from '../../engine/plan.ts';
import { registries } from '../../cli/registries.ts';
import { findScenarios } from '../../cli/scenarios.ts';
import { createStackProvider } from '../../stack/provider.ts';

const provider = createStackProvider({ progress: () => undefined });
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-plan-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const compose = `services:
  store: { image: redis, ports: ['127.0.0.1::6379'] }
  front: { image: nginx }
`;
const strategy = `strategy: test
stack: ./compose.yml
components:
  store:
    driver: redis
    clients: { service: front, port: 6379 }
    objectives: { rto: 5m, rpo: 15m }
    backups:
      snapshot: { method: rdb, every: 5m, copies: [here] }
  base:
    driver: mysql
    service: front
    objectives: { rto: 5m, rpo: 15m }
    backups:
      daily: { method: dump, every: 24h, copies: [here, there] }
      weekly: { method: dump, every: 7d, copies: [here] }
      log: { method: binlog, copies: [here] }
stores:
  here: { kind: directory }
  there: { kind: directory }
`;
const scenario = `scenario: test
strategy: ./strategy.yaml
title: A test
timeScale: 60
load: { tokens: { target: store, rate: 200/s } }
protect: [store.snapshot]
fault: { wipe-volume: store, at: worst }
recover: [{ restore: store, from: here }]
check: [ledger, ttl]
`;

async function plan(
  change: {
    scenario?: (text: string) => string;
    strategy?: (text: string) => string;
    compose?: (text: string) => string;
  } = {},
): Promise<Plan> {
  const own = mkdtempSync(join(folder, 'case-'));
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'compose.yml'), change.compose?.(compose) ?? compose);
  writeFileSync(join(own, 'strategy.yaml'), change.strategy?.(strategy) ?? strategy);
  writeFileSync(join(own, 'scenario.yaml'), change.scenario?.(scenario) ?? scenario);
  return planDrill(join(own, 'scenario.yaml'), registries, provider);
}

/** The first error, as `file:line:column message | found | expected | hint`. */
async function refusal(change: Parameters<typeof plan>[0]): Promise<string> {
  const error: unknown = await plan(change).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MusterError)) throw new Error(`not refused as it should be: ${String(error)}`);
  expect(error.trouble).toBe('input');
  const first = error instanceof InputErrors ? error.all[0]! : error;
  const place = first.at ? `${first.at.file.split('/').at(-1)}:${first.at.line}:${first.at.column} ` : '';
  return `${place}${first.message} | ${first.found ?? ''} | ${first.expected ?? ''} | ${first.hint ?? ''}`;
}
const inScenario = (from: string | RegExp, to: string) => ({
  scenario: (text: string) => text.replace(from, to),
});
const inStrategy = (from: string | RegExp, to: string) => ({
  strategy: (text: string) => text.replace(from, to),
});

describe('what fits is planned', () => {
  it('resolves every name', async () => {
    const planned = await plan();
    expect(planned.backups.map((one) => [one.id, one.info.kind])).toEqual([['store.snapshot', 'snapshot']]);
    expect(planned.faults.map((one) => one.plan)).toEqual([
      { name: 'wipe-volume', target: 'store', at: 'worst', params: {} },
    ]);
    expect(planned.checks.map((one) => one.id)).toEqual(['store.ttl', 'store.inventory', 'store.follows']);
    expect(planned.ledger).toBe(true);
  });
  it('takes a fault of a store, and a fault in the middle of the restore after another', async () => {
    const planned = await plan(
      inScenario(
        'fault: { wipe-volume: store, at: worst }',
        'fault: [{ wipe-volume: store, at: worst }, { object-corrupted: here, at: restore.begun, bytes: 4 }]',
      ),
    );
    expect(
      planned.faults.map(({ plan: { name, target, at }, params }) => ({ name, target, at, params })),
    ).toEqual([
      { name: 'wipe-volume', target: 'store', at: 'worst', params: {} },
      { name: 'object-corrupted', target: 'here', at: 'restore.begun', params: { bytes: 4 } },
    ]);
  });
  it('takes a full disk where the volume is a file system of its own', async () => {
    const own = (text: string): string =>
      `${text.replace('image: redis,', 'image: redis, volumes: ["data:/data"],')}volumes: { data: { driver_opts: { type: tmpfs, device: tmpfs, o: "size=64m" } } }\n`;
    const planned = await plan({ ...inScenario('wipe-volume', 'disk-full'), compose: own });
    expect(planned.faults.map((one) => one.plan.name)).toEqual(['disk-full']);
  });
  it('takes a prune as a moment where points are counted', async () => {
    const planned = await plan({
      ...inScenario('at: worst', 'at: prune'),
      ...inStrategy('every: 5m,', 'every: 5m, keep: { points: 2 },'),
    });
    expect(planned.faults[0]!.plan.at).toBe('prune');
    expect(planned.backups[0]!.plan.keep).toEqual({ points: 2 });
  });
  it.each<[string, string, string[]]>([
    [
      'rate: 200/s',
      'rate: 9/m',
      [
        'tokens asks 9/m, about 18 operations in the 2m that are watched: with fewer than 20 it cannot be seen right again, and is inconclusive',
        'tokens asks 9/m, about 0 operations in the 5.0 s before the fault: with fewer than 100 the RPO of store is inconclusive',
      ],
    ],
    [
      'rate: 200/s',
      'rate: 10/s',
      [
        'tokens asks 10/s, about 50 operations in the 5.0 s before the fault: with fewer than 100 the RPO of store is inconclusive',
      ],
    ],
    ['rate: 200/s', 'rate: 10/s, least: 50', []],
    [
      'at: worst',
      'at: +400ms',
      [
        'tokens asks 200/s, about 80 operations in the 400 ms before the fault: with fewer than 100 the RPO of store is inconclusive',
      ],
    ],
    ['at: worst', 'at: +500ms', []],
  ])('notes a load that is too slow for what is to be seen: %s is now %s', async (from, to, notes) => {
    expect((await plan(inScenario(from, to))).notes.filter((note) => note.startsWith('tokens asks'))).toEqual(
      notes,
    );
  });
  it('notes what is legal and worth knowing', async () => {
    expect((await plan()).notes).toEqual([
      'the strategy does not say how failures are noticed: detection counts as it happened here',
    ]);
  });
  it.each(findScenarios().scenarios)('$name, which comes with Muster', async ({ file }) => {
    await expect(planDrill(file, registries, provider)).resolves.toBeTruthy();
  });
});

describe('what does not fit is refused, with its place', () => {
  it.each([
    ['an unknown key', inScenario('title:', 'tittle:'), /^scenario\.yaml:1:1 "title" is missing/],
    [
      'an unknown key, with the nearest one',
      inScenario('timeScale', 'timescale'),
      /^scenario\.yaml:4:1 unknown key "timescale" \| timescale \| .*did you mean "timeScale"\?$/,
    ],
    [
      'a rate without a unit',
      inScenario('200/s', '200'),
      /^scenario\.yaml:5:40 .* \| 200 \| a rate with its unit/,
    ],
    [
      'an unknown fault',
      inScenario('wipe-volume', 'wipe-volum'),
      /^scenario\.yaml:7:10 names no fault \| wipe-volum \| one of .* \| did you mean "wipe-volume"\?$/,
    ],
    [
      'a moment that is none',
      inScenario('at: worst', 'at: wrost'),
      /^scenario\.yaml:7:34 .* \| "wrost" \| `worst`, an offset such as \+5s, or one of backup\.begun/,
    ],
    [
      'an unknown step',
      inScenario('restore: store', 'restor: store'),
      /^scenario\.yaml:8:13 names no step \| restor \| one of restore, replay, /,
    ],
    [
      'an unknown target',
      inScenario('target: store', 'target: stor'),
      /^scenario\.yaml:5:27 unknown component "stor" .*did you mean "store"\?$/,
    ],
    [
      'a load generator that the driver does not have',
      inScenario('target: store', 'target: store, by: autocannon'),
      /^scenario\.yaml:5:38 unknown load generator of driver redis "autocannon"/,
    ],
    [
      'an alert about an unknown component',
      inStrategy(
        'stores:',
        'alerts: { errors: { when: error-rate, above: 5%, over: 1m, of: stor } }\nstores:',
      ),
      /^strategy\.yaml:\d+:\d+ unknown component "stor" .*did you mean "store"\?$/,
    ],
    [
      'a threshold without its unit',
      inStrategy('stores:', 'alerts: { errors: { when: error-rate, above: 5, over: 1m } }\nstores:'),
      /^strategy\.yaml:\d+:\d+ .* a share such as 5% or 99\.9%/,
    ],
    [
      'a target that leaves no budget',
      inStrategy('stores:', 'slo: { availability: 100%, over: 30d }\nstores:'),
      /less than 100%/,
    ],
    [
      'an unknown store',
      inScenario('from: here', 'from: hree'),
      /^scenario\.yaml:8:35 unknown store "hree" .*did you mean "here"\?$/,
    ],
    [
      'a store without a copy',
      inScenario('from: here', 'from: there'),
      /^scenario\.yaml:8:35 backup store\.snapshot keeps no copy in there \| there \| one of here/,
    ],
    [
      'an unknown check',
      inScenario('ttl', 'tll'),
      /^scenario\.yaml:9:17 unknown check "tll" .*did you mean "ttl"\?$/,
    ],
    [
      'an unknown backup',
      inScenario('[store.snapshot]', '[store.snapshott]'),
      /^scenario\.yaml:6:11 unknown backup "store\.snapshott" .*did you mean "store\.snapshot"\?$/,
    ],
    [
      'a fault that the driver cannot suffer',
      inScenario('wipe-volume: store', 'drop-table: store, table: x'),
      /^scenario\.yaml:7:22 store cannot suffer drop-table: driver redis does not offer dropTable \| store \| one of base/,
    ],
    [
      'parameters of a fault that it does not have',
      inScenario('wipe-volume: store', 'wipe-volume: store, depth: 3'),
      /^scenario\.yaml:7:\d+ unknown key "depth"/,
    ],
    [
      'a restore of what was never backed up',
      inScenario('restore: store', 'restore: base'),
      /^scenario\.yaml:8:22 nothing to restore base from/,
    ],
    [
      'a restore that may mean two backups',
      {
        scenario: (text: string) =>
          text
            .replace('[store.snapshot]', '[store.snapshot, base.daily, base.weekly]')
            .replace('restore: store', 'restore: base'),
      },
      /several backups of base are taken: say which one \| base \| backup: one of daily, weekly/,
    ],
    [
      'a replay without a base',
      {
        scenario: (text: string) =>
          text
            .replace('[store.snapshot]', '[store.snapshot, base.log]')
            .replace('{ restore: store, from: here }', '{ replay: base.log, from: here }'),
      },
      /base is not restored before this step/,
    ],
    [
      'a replay of a snapshot',
      inScenario('{ restore: store, from: here }', '{ replay: store.snapshot, from: here }'),
      /unknown continuous backup taken in this scenario "store\.snapshot"/,
    ],
    [
      'worst where nothing becomes durable',
      inScenario('protect: [store.snapshot]', 'protect: []'),
      /the worst moment is just before a recovery point becomes durable, and nothing here takes any/,
    ],
    [
      'a fault of a store, aimed at a component',
      inScenario('wipe-volume: store', 'bucket-emptied: store'),
      /^scenario\.yaml:7:26 unknown store "store" \| store \| one of here, there/,
    ],
    [
      'a fault of a component, aimed at a store',
      inScenario('wipe-volume: store', 'wipe-volume: here'),
      /^scenario\.yaml:7:23 unknown component "here" \| here \| one of store, base/,
    ],
    [
      'a store that cannot be unreachable, since it is a folder',
      inScenario('wipe-volume: store', 'store-unreachable: here'),
      /^scenario\.yaml:7:29 store here cannot suffer store-unreachable: it lives in no service of the stack \| here \| a store with a service/,
    ],
    [
      'a fault that the driver cannot suffer: Redis reads no configuration file',
      inScenario('wipe-volume: store', 'wrong-config: store'),
      /store cannot suffer wrong-config: driver redis does not offer wrongConfig \| store \| one of base/,
    ],
    [
      'a loop of crashes where nothing starts it again',
      inScenario('wipe-volume: store', 'kill-loop: store'),
      /^scenario\.yaml:7:21 store cannot suffer kill-loop: it has no restart policy/,
    ],
    [
      "a full disk that would be the host's",
      inScenario('wipe-volume: store', 'disk-full: store'),
      /^scenario\.yaml:7:21 store cannot suffer disk-full: its data lies on the disk of the host/,
    ],
    [
      'nothing but a fault in the middle of the restore',
      inScenario('at: worst', 'at: restore.begun'),
      /^scenario\.yaml:7:8 nothing is broken before the recovery/,
    ],
    [
      'a moment of a restore where nothing is restored',
      {
        scenario: (text: string) =>
          text
            .replace(
              '{ wipe-volume: store, at: worst }',
              '[{ crash: store, at: +1s }, { crash: store, at: restore.begun }]',
            )
            .replace('[{ restore: store, from: here }]', 'automatic'),
      },
      /^scenario\.yaml:7:\d+ restore\.begun is a moment of a restore, and nothing here is restored/,
    ],
    [
      'a moment of a backup where none is taken',
      {
        scenario: (text: string) =>
          text.replace('protect: [store.snapshot]', 'protect: []').replace('at: worst', 'at: backup.dumped'),
      },
      /backup\.dumped is a moment of a backup, and nothing here takes any/,
    ],
    [
      'a prune where nothing is removed within a drill',
      { ...inScenario('at: worst', 'at: prune'), ...inStrategy('every: 5m,', 'every: 5m, keep: 14d,') },
      /^scenario\.yaml:7:34 nothing is pruned here within a drill \| store\.snapshot keeps 14d \| a protected snapshot backup with keep: \{ points: N \}/,
    ],
    [
      'a prune where nothing says what is kept',
      inScenario('at: worst', 'at: prune'),
      /nothing is pruned here within a drill \| no snapshot backup with `keep`/,
    ],
    [
      'a retention that is none',
      inStrategy('every: 5m,', 'every: 5m, keep: { points: 0 },'),
      /^strategy\.yaml:9:\d+ .*/,
    ],
    [
      'a slow way to a store that lies behind none',
      {
        ...inScenario('wipe-volume: store', 'store-slow: far, proxy: s3'),
        ...inStrategy(
          'there: { kind: directory }',
          'there: { kind: directory }\n  far: { kind: s3, service: front }',
        ),
      },
      /^scenario\.yaml:7:\d+ store far cannot suffer store-slow: no network that can be broken lies before it/,
    ],
    ['no load at all', inScenario(/load: .*/, 'load: {}'), /^scenario\.yaml:5:1 there is no load/],
    [
      'the same key twice',
      { scenario: (text: string) => `${text}title: again\n` },
      /^scenario\.yaml:10:1 the same name stands twice/,
    ],
    [
      'YAML that does not parse',
      { scenario: (text: string) => text.replace('check: [ledger, ttl]', 'check: [ledger, ttl') },
      /^scenario\.yaml:\d+:\d+ /,
    ],
    [
      'an unknown driver',
      inStrategy('driver: redis', 'driver: reddis'),
      /^strategy\.yaml:5:13 unknown value "reddis" .*did you mean "redis"\?$/,
    ],
    [
      'an unknown method',
      inStrategy('method: rdb', 'method: rbd'),
      /^strategy\.yaml:9:\d+ unknown value "rbd" .*did you mean "rdb"\?$/,
    ],
    [
      'a method of another driver',
      inStrategy('method: rdb', 'method: dump'),
      /^strategy\.yaml:9:27 unknown method of driver redis "dump"/,
    ],
    [
      'an unknown unit',
      inStrategy('every: 5m', 'every: 5min'),
      /^strategy\.yaml:9:\d+ .* \| "5min" \| a duration with its unit/,
    ],
    [
      'a snapshot without an interval',
      inStrategy('every: 5m, ', ''),
      /^strategy\.yaml:9:7 backup "snapshot" takes snapshots and says no interval/,
    ],
    [
      'a log with an interval',
      inStrategy('method: binlog,', 'method: binlog, every: 5m,'),
      /backup "log" follows a log and has no interval/,
    ],
    [
      'an unknown service',
      inStrategy('service: front\n', 'service: fornt\n'),
      /^strategy\.yaml:\d+:\d+ unknown service "fornt" .*did you mean "front"\?$/,
    ],
    [
      'clients of an unknown service',
      inStrategy('service: front,', 'service: fornt,'),
      /unknown service "fornt"/,
    ],
    [
      'an unknown copy',
      inStrategy('copies: [here]', 'copies: [hare]'),
      /^strategy\.yaml:9:\d+ unknown store "hare" .*did you mean "here"\?$/,
    ],
    [
      'an unknown kind of store',
      inStrategy('kind: directory', 'kind: directry'),
      /unknown value "directry" .*did you mean "directory"\?$/,
    ],
    [
      'an unknown setting of a store',
      inStrategy('there: { kind: directory', 'there: { kind: directory, bukket: x'),
      /^strategy\.yaml:\d+:\d+ unknown key "bukket"/,
    ],
    [
      'a compose file that is not there',
      inStrategy('./compose.yml', './compse.yml'),
      /^strategy\.yaml:2:8 there is no compose file/,
    ],
    [
      'a compose file that does not parse',
      { compose: (): string => 'services: {a: {image: x}' },
      /compose\.yml:\d+:\d+ /,
    ],
    [
      'a strategy that is not there',
      inScenario('./strategy.yaml', './stratgy.yaml'),
      /^scenario\.yaml:2:11 there is no strategy/,
    ],
    [
      'a driver whose required settings are left out altogether',
      inStrategy('driver: mysql\n', 'driver: http\n'),
      /^strategy\.yaml:\d+:\d+ "\w+" is missing/,
    ],
    [
      'settings that are nothing',
      inStrategy('driver: mysql\n', 'driver: http\n    config:\n'),
      /^strategy\.yaml:\d+:\d+ /,
    ],
    [
      'an alias that refers to nothing',
      inScenario('[ledger, ttl]', '*checks'),
      /^scenario\.yaml:9:8 \*checks refers to nothing/,
    ],
    [
      'a value that contains itself',
      inStrategy('stores:', 'stores: &s\n  all: { kind: directory, of: *s }'),
      /^strategy\.yaml:\d+:\d+ \*s refers to what it stands in/,
    ],
    [
      'a merge key that merges nothing',
      { compose: (): string => 'services:\n  store: { image: redis }\n  front:\n    <<: 5\n' },
      /compose\.yml:4:9 << merges nothing/,
    ],
    [
      'an action that every object has',
      inScenario('[{ restore: store, from: here }]', '[{ run: toString }]'),
      /^scenario\.yaml:8:18 unknown action "toString"/,
    ],
    [
      'a check that every object has',
      inScenario('ttl', 'constructor'),
      /^scenario\.yaml:9:17 unknown check "constructor"/,
    ],
    [
      'a backup that every object has',
      inScenario('[store.snapshot]', '[store.constructor]'),
      /^scenario\.yaml:6:11 unknown backup "store\.constructor"/,
    ],
    [
      'a store that every object has',
      inScenario('from: here', 'from: constructor'),
      /^scenario\.yaml:8:35 unknown store "constructor"/,
    ],
    [
      'a store to break that every object has',
      inScenario('wipe-volume: store', 'bucket-emptied: constructor'),
      /^scenario\.yaml:7:26 unknown store "constructor"/,
    ],
    [
      'a component that every object has',
      inStrategy('stores:', 'slo: { availability: 99%, over: 30d, of: constructor }\nstores:'),
      /^strategy\.yaml:\d+:\d+ unknown component "constructor"/,
    ],
  ] as const)('%s', async (_, change, expected) => {
    expect(await refusal(change)).toMatch(expected);
  });
  it('says all that is wrong at once', async () => {
    const error: unknown = await plan(inScenario(/from: here|ttl|target: store/g, 'x: y')).catch(
      (thrown: unknown) => thrown,
    );
    expect((error as InputErrors).all.length).toBeGreaterThanOrEqual(2);
  });
});
