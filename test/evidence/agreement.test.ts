import { describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { judgeBundle } from '../../evidence/bundle.ts';
import { copyOf, forgeManifest, rechain } from '../support/forgery.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import type { Base } from './agreement-edits.ts';
import { ofFaults } from './agreement-fault-cases.ts';
import { ofLogs } from './agreement-log-cases.ts';
import { ofParts } from './agreement-part-cases.ts';
import { ofThePlan } from './agreement-plan-cases.ts';
import { eventsIn } from '../support/recorded.ts';

const good = drillInMemory();
const withLog = good.then(() =>
  drillInMemory({
    scenario: {
      protect: '[store.snapshot, store.log]',
      recover: '[{ restore: store, from: b }, { replay: store.log, from: a }]',
      fault: '{ wipe-volume: store, at: +9s }',
    },
  }),
);
const ofTwo = good.then(() =>
  drillInMemory({
    beside: { other: '{ driver: memory, objectives: { rto: 5m, rpo: 15m } }' },
    scenario: {
      load: '{ rows: { target: store, rate: 500/s }, more: { target: other, rate: 100/s } }',
      fault: '{ wipe-volume: store, at: worst }',
    },
  }),
);
const measured = good.then(() => drillInMemory({ every: '1h', rpo: '2h', scenario: { timeScale: '' } }));
const seeded = good.then(() => drillInMemory({ scenario: { seed: '[{ run: seed, with: { rows: 200 } }]' } }));
const alone = good.then(() =>
  drillInMemory({ scenario: { fault: '{ crash: store, at: +6s }', recover: 'automatic' } }),
);
const bases: Record<Base, typeof good> = { good, withLog, ofTwo, measured, seeded, alone };

describe('events that are not those of the plan are damage, however well they are linked', () => {
  it.each([...ofThePlan, ...ofFaults, ...ofLogs, ...ofParts])('%s', async (_what, base, edit, says) => {
    const bundle = copyOf((await bases[base]).folder);
    const events = structuredClone(eventsIn(bundle));
    edit(events);
    rechain(bundle, events);
    forgeManifest(bundle);
    const { result, damage } = judgeBundle(bundle, registries);
    expect(damage).toMatch(says);
    expect(damage).toMatch(/the events are not those of the plan/);
    expect(result.verdict).not.toBe('pass');
  });
  it.each(Object.keys(bases) as Base[])('the drill itself (%s) passes', async (base) => {
    const { folder, result } = await bases[base];
    const again = judgeBundle(folder, registries);
    expect([again.result, again.damage, again.altered]).toEqual([result, null, false]);
    expect(result.verdict).toBe('pass');
  });
});
