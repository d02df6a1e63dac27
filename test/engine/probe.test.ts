import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../core/timeline.ts';
import { planDrill } from '../../engine/plan.ts';
import { carryOutInMemory, memoryFiles, noStacks, type MemoryDrill } from '../support/memory-drill.ts';
import { eventsIn } from '../support/recorded.ts';

/** A drill in memory of which something is left out that a scenario must have. */
async function drillWithout(what: 'load' | 'fault', drill: MemoryDrill) {
  const { folder, file } = memoryFiles(drill);
  const ran = await carryOutInMemory(folder, drill, async ({ registries }) => {
    const plan = await planDrill(file, registries, noStacks);
    const scenario = { ...plan.scenario, [what]: what === 'load' ? {} : [] };
    return { ...plan, scenario, faults: scenario.fault.length === 0 ? [] : plan.faults };
  });
  return { ...ran, events: eventsIn(ran.folder) };
}

describe('without a client, a probe stands in its place', () => {
  it('what never comes back is seen, and not settled', async () => {
    const { events, result } = await drillWithout('load', {
      scenario: { fault: '{ stop: store, at: +4s }', recover: 'automatic' },
    });
    expect(eventsOf(events, 'detected').map(({ data }) => data.by)).toEqual(['probe']);
    expect(eventsOf(events, 'ready')).toEqual([]);
    expect(eventsOf(events, 'observation.ended').map(({ data }) => data.settled)).toEqual([false]);
    expect(result.exitCode).toBe(1);
  });
  it('what is restored and stays ready is settled', async () => {
    const { events, result } = await drillWithout('load', { scenario: { check: '[store.rows]' } });
    expect(eventsOf(events, 'ready')).toHaveLength(1);
    expect(eventsOf(events, 'observation.ended').map(({ data }) => data.settled)).toEqual([true]);
    // What clients had is what a drill is about: without any it proves nothing.
    expect(result.verdict).not.toBe('pass');
  });
});

describe('a drill in which nothing is broken', () => {
  it('runs to its end, and is no pass', async () => {
    const { events, result } = await drillWithout('fault', {});
    expect(result.outcome).toBe('completed');
    expect(eventsOf(events, 'undetected')).toHaveLength(1);
    expect(result.findings).toContainEqual(
      expect.objectContaining({ id: 'witness/missing', verdict: 'inconclusive', gate: true }),
    );
    expect(result.verdict).not.toBe('pass');
  });
});
