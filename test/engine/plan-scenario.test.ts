import { describe, expect, it } from 'vitest';
import type { InputErrors } from '../../core/errors.ts';
import { inScenario, inStrategy, plan, refusal } from './plan-files.ts';

describe('a scenario that does not fit is refused, with its place', () => {
  it.each([
    [
      'what waits for clients to change records, after something that has them leave all as it is',
      inScenario(
        'fault: { wipe-volume: store, at: worst }',
        'fault: [{ wipe-volume: store, at: worst }, { stale-page: base, table: a.b, at: +1s }]',
      ),
      /^scenario\.yaml:7:\d+ stale-page waits for clients to change what was there: nothing may be broken before it \| after wipe-volume/,
    ],
    [
      'damage that nobody notices, of what was broken before everybody',
      inScenario(
        'fault: { wipe-volume: store, at: worst }',
        'fault: [{ crash: base, at: +1s }, { corrupt-rows: base, table: a.b, column: c, at: +1s }]',
      ),
      /^scenario\.yaml:7:\d+ corrupt-rows cannot go unnoticed: the schedules of base are stopped by then \| after crash/,
    ],
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
      'a fault of a service whose name is mistyped',
      inScenario('wipe-volume: store', 'crash: froont'),
      /^scenario\.yaml:7:17 unknown component or service "froont" .*one of store, base, .*front.* did you mean "front"\?$/,
    ],
    [
      'a fault of a component whose name is mistyped',
      inScenario('wipe-volume: store', 'crash: stoore'),
      /^scenario\.yaml:7:17 unknown component or service "stoore" .* did you mean "store"\?$/,
    ],
    [
      'a fault of storage, of no service: only a component can suffer it',
      inScenario('wipe-volume: store', 'wipe-volume: froont'),
      /^scenario\.yaml:7:23 unknown component "froont" \| froont \| one of store, base/,
    ],
    [
      'a fault that the driver cannot suffer',
      inScenario('wipe-volume: store', 'drop-table: store, table: x'),
      /^scenario\.yaml:7:22 store cannot suffer drop-table: driver redis knows no such fault \| store \| one of base/,
    ],
    [
      'a fault of storage, of a service that no component stands for',
      {
        ...inScenario('wipe-volume: store', 'wipe-volume: side'),
        compose: (text: string) => `${text}  side: { image: busybox }\n`,
      },
      /^scenario\.yaml:7:23 side cannot suffer wipe-volume: it is a service that no component stands for/,
    ],
    [
      'a loop of crashes of a service that nothing starts again',
      {
        ...inScenario('wipe-volume: store', 'kill-loop: side'),
        compose: (text: string) => `${text}  side: { image: busybox }\n`,
      },
      /^scenario\.yaml:7:21 side cannot suffer kill-loop: it has no restart policy/,
    ],
    [
      'a parameter of an action that it does not have, with the nearest one',
      inScenario(
        /recover: .*/,
        'recover: [{ run: replicate, target: store, with: { source: other, thruogh: "x:1" } }]',
      ),
      /^scenario\.yaml:8:\d+ unknown key "thruogh" .*did you mean "through"\?$/,
    ],
    [
      'a parameter of an action that it needs',
      inScenario(/recover: .*/, 'recover: [{ run: replicate, target: store }]'),
      /^scenario\.yaml:8:\d+ "source" is missing/,
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
      /store cannot suffer wrong-config: driver redis knows no such fault \| store \| one of base/,
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
      'a strategy that is not there',
      inScenario('./strategy.yaml', './stratgy.yaml'),
      /^scenario\.yaml:2:11 there is no strategy/,
    ],
    [
      'an alias that refers to nothing',
      inScenario('[ledger, ttl]', '*checks'),
      /^scenario\.yaml:9:8 \*checks refers to nothing/,
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
