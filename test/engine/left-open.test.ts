import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import type { RestoreContext } from '../../core/backup.ts';
import type { Attached } from '../../core/driver.ts';
import { eventsOf, type TimelineEvent } from '../../core/timeline.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { eventsIn } from '../support/recorded.ts';

type Close = Parameters<NonNullable<RestoreContext['leaveOpen']>>[0];

interface Recovered {
  told: string[];
  steps: boolean[];
  /** What the recovery has on the timeline from the failure of its replay, or its end, on. */
  events: readonly TimelineEvent[];
  lines: string[];
}

/**
 * A driver that leaves open what it restored with, where it may, and what happened in which order. `close`:
 * how it closes that.
 */
async function recovered(
  recover: string,
  alter: (attached: Attached) => void = () => undefined,
  close: Close = async () => undefined,
): Promise<Recovered> {
  const told: string[] = [];
  const lines: string[] = [];
  const memory = registries.drivers['memory']!;
  const attach: typeof memory.attach = async (context) => {
    const attached = await memory.attach(context);
    const { copy, journal } = attached.backups;
    const { restore } = copy!;
    const { replay } = journal!;
    copy!.restore = async (from, given) => {
      const facts = await restore!(from, given);
      told.push(given.leaveOpen ? 'left open' : 'restored');
      given.leaveOpen?.(async (signal) => {
        await close(signal);
        told.push('closed');
      });
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
    alter(attached);
    return attached;
  };
  const drivers = {
    ...registries.drivers,
    memory: {
      ...memory,
      attach,
      actions: {
        ...memory.actions,
        forget: { about: 'an action that is told', params: z.strictObject({}), run: async () => null },
      },
    },
  };
  const { folder } = await drillInMemory({
    registries: { ...registries, drivers },
    scenario: { protect: '[store.snapshot, store.log]', recover, giveUp: '2s', stepDeadline: '5s' },
    progress: (one) => void (one.kind === 'line' && lines.push(one.text)),
  });
  const events = eventsIn(folder);
  return { told, steps: eventsOf(events, 'step.ended').map(({ data }) => data.ok), events, lines };
}

const failing = (attached: Attached): void =>
  void (attached.backups['journal']!.replay = async () => Promise.reject(new Error('the log is cut off')));

/** How the recovery went to its end, from the moment on that its replay was begun. */
const end = ({ events }: Recovered): unknown[] => {
  const of = eventsOf(
    events,
    'step.begun',
    'stage.begun',
    'stage.ended',
    'step.ended',
    'recovery.ended',
    'note',
  );
  const from = of.findIndex(({ type, data }) => type === 'step.begun' && data.step === 1);
  const to = of.findIndex(({ type }) => type === 'recovery.ended');
  return of
    .slice(from + 1, to + 1)
    .filter(
      ({ type, data }) => type !== 'stage.begun' && (type !== 'stage.ended' || data.stage === 'restore'),
    )
    .map(({ type, data }) => ('text' in data ? data.text : `${type} ${'ok' in data && data.ok}`));
};
/** How long its second step took. */
const tookMs = ({ events }: Recovered): number => {
  const [begun] = eventsOf(events, 'step.begun').filter(({ data }) => data.step === 1);
  const [ended] = eventsOf(events, 'step.ended').filter(({ data }) => data.step === 1);
  return ended!.atMs - begun!.atMs;
};

const restore = '{ restore: store, from: b }';
const replay = '{ replay: store.log, from: a, until: latest }';
const both = `[${restore}, ${replay}]`;

describe('what a restore may leave open', () => {
  it('is closed when the replay that comes next has ended', async () => {
    expect(await recovered(both)).toMatchObject({
      told: ['left open', 'replayed', 'closed'],
      steps: [true, true],
    });
  });
  it('is closed where the replay fails, before the step and the attempt are over', async () => {
    const one = await recovered(both, failing);
    expect(one).toMatchObject({ told: ['left open', 'closed'], steps: [true, false] });
    expect(end(one)).toEqual(['stage.ended true', 'step.ended false', 'recovery.ended false']);
  });
  it('is told to give up when closing it takes too long, which is printed, told and counted', async () => {
    const heard: unknown[] = [];
    const one = await recovered(
      both,
      failing,
      (signal) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => {
            heard.push(signal.reason);
            reject(signal.reason);
          }),
        ),
    );
    expect(heard).toEqual([expect.objectContaining({ name: 'TimeoutError' })]);
    expect(end(one)).toEqual([
      'stage.ended false',
      expect.stringMatching(/^what a restore left open was not closed in good order: it took longer than/),
      'step.ended false',
      'recovery.ended false',
    ]);
    expect(tookMs(one)).toBeGreaterThanOrEqual(5_000);
    expect(one.lines).toContain('closing what a restore left open (at most 5.0 s)');
  });
  it('keeps nobody waiting for ever, whatever its driver hears', async () => {
    const one = await recovered(both, failing, () => new Promise(() => undefined));
    expect(end(one)).toContainEqual(
      expect.stringMatching(/not closed in good order: closing it took longer/),
    );
    expect(one.steps).toEqual([true, false]);
  });
  it.each([
    ['fails', () => Promise.reject(new Error('it does not end'))],
    ['hangs', () => new Promise<void>(() => undefined)],
  ])('fails the step where the replay went well and closing it %s', async (_, close) => {
    const one = await recovered(both, undefined, close);
    expect(one.steps).toEqual([true, false]);
    expect(eventsOf(one.events, 'step.ended').at(-1)!.data.error).toMatch(
      /^what a restore left open was not closed in good order: /,
    );
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
