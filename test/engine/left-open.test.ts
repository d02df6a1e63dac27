import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import type { Attached } from '../../core/driver.ts';
import { eventsOf } from '../../core/timeline.ts';
import { readChain } from '../../core/chain.ts';
import { drillInMemory } from '../support/memory-drill.ts';

/** A driver that leaves open what it restored with, where it may, and what happened in which order. */
async function recovered(
  recover: string,
  alter: (attached: Attached, told: string[]) => void = () => undefined,
): Promise<{ told: string[]; steps: boolean[] }> {
  const told: string[] = [];
  const memory = registries.drivers['memory']!;
  const attach: typeof memory.attach = async (context) => {
    const attached = await memory.attach(context);
    const { copy, journal } = attached.backups;
    const { restore } = copy!;
    const { replay } = journal!;
    copy!.restore = async (from, given) => {
      const facts = await restore!(from, given);
      told.push(given.leaveOpen ? 'left open' : 'restored');
      given.leaveOpen?.(async () => void told.push('closed'));
      return facts;
    };
    journal!.replay = async (...given) => {
      const facts = await replay!(...given);
      told.push('replayed');
      return facts;
    };
    attached.actions['forget'] = async () => {
      told.push('acted');
      return null;
    };
    alter(attached, told);
    return attached;
  };
  const drivers = {
    ...registries.drivers,
    memory: { ...memory, attach, actions: { ...memory.actions, forget: 'an action that is told' } },
  };
  const { folder } = await drillInMemory({
    registries: { ...registries, drivers },
    scenario: { protect: '[store.snapshot, store.log]', recover, giveUp: '2s' },
  });
  const { events } = readChain(readFileSync(join(folder, 'events.jsonl'), 'utf8'));
  return { told, steps: eventsOf(events, 'step.ended').map(({ data }) => data.ok) };
}

const restore = '{ restore: store, from: b }';
const replay = '{ replay: store.log, from: a, until: latest }';

describe('what a restore may leave open', () => {
  it('is closed when the replay that comes next has ended', async () => {
    expect(await recovered(`[${restore}, ${replay}]`)).toEqual({
      told: ['left open', 'replayed', 'closed'],
      steps: [true, true],
    });
  });
  it('is closed where the replay fails', async () => {
    const fails = (attached: Attached): void =>
      void (attached.backups['journal']!.replay = async () =>
        Promise.reject(new Error('the log is cut off')));
    expect(await recovered(`[${restore}, ${replay}]`, fails)).toEqual({
      told: ['left open', 'closed'],
      steps: [true, false],
    });
  });
  it.each([
    ['no replay follows', `[${restore}]`, ['restored']],
    [
      'something else is done before the replay',
      `[${restore}, { run: forget, target: store }, ${replay}]`,
      ['restored', 'acted', 'replayed'],
    ],
  ])('is nothing where %s', async (_, recover, told) => {
    expect((await recovered(recover)).told).toEqual(told);
  });
});
