import { describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { MusterError } from '../../core/errors.ts';
import type { EventType, TimelineEvent } from '../../core/timeline.ts';
import { judgeBundle } from '../../evidence/bundle.ts';
import { copyOf, forgeManifest, rechain } from '../support/forgery.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { contradictions } from './contradictions.ts';
import { bases, type Base } from './forging.ts';
import { eventsIn } from '../support/recorded.ts';

const good = drillInMemory(bases.good);
const drills = Object.fromEntries(
  (Object.keys(bases) as Base[]).map((base) => [
    base,
    base === 'good' ? good : good.then(() => drillInMemory(bases[base])),
  ]),
) as Record<Base, typeof good>;

/** What is wrong with it; `refused` where nobody can judge it. */
function damageOf(bundle: string): { damage: string; passes: boolean } {
  try {
    const { result, damage } = judgeBundle(bundle, registries);
    return { damage: damage ?? 'none', passes: result.verdict === 'pass' };
  } catch (error) {
    if (error instanceof MusterError && error.trouble === 'input')
      return { damage: 'refused', passes: false };
    throw error;
  }
}

describe('a drill that passes', () => {
  it.each(Object.keys(bases) as Base[])('is whole: %s', async (base) => {
    const { folder } = await drills[base];
    expect(damageOf(folder)).toEqual({ damage: 'none', passes: true });
  });
});

describe('a bundle that contradicts itself is damaged, and never passes', () => {
  it.each(contradictions)('$what', async ({ base = 'good', alter, says }) => {
    const bundle = copyOf((await drills[base]).folder);
    alter(bundle);
    const { damage, passes } = damageOf(bundle);
    expect(damage).toMatch(says);
    expect(damage).not.toBe('none');
    expect(passes).toBe(false);
  });
});

type Alter = (events: TimelineEvent[], type: EventType) => TimelineEvent[];
const as = (event: TimelineEvent, { atMs, utc }: TimelineEvent): TimelineEvent => ({ ...event, atMs, utc });
/** What is done to all events of a kind; and those that it may rightly be done to. */
const treatments: Record<string, { alter: Alter; mayBe: readonly EventType[] }> = {
  'left out': {
    alter: (events, type) => events.filter((event) => event.type !== type),
    // What a drill had, and what it may as well not have had.
    mayBe: ['note', 'ready', 'log.durable'],
  },
  'said twice': {
    alter: (events, type) => events.flatMap((event) => (event.type === type ? [event, event] : [event])),
    // Two faults may stop the same schedule: what was under way goes on until the second.
    mayBe: ['note', 'log.durable', 'schedule.stopped'],
  },
  'moved to the beginning': {
    alter: (events, type) => [
      events[0]!,
      ...events.filter((event) => event.type === type).map((event) => as(event, events[0]!)),
      ...events.slice(1).filter((event) => event.type !== type),
    ],
    mayBe: ['note'],
  },
  'moved to the end': {
    alter: (events, type) => [
      ...events.slice(0, -1).filter((event) => event.type !== type),
      ...events.filter((event) => event.type === type).map((event) => as(event, events.at(-2)!)),
      events.at(-1)!,
    ],
    mayBe: ['note', 'ledger.chunk'],
  },
};

describe.each(Object.entries(treatments))(
  'no kind of event passes that was %s',
  (_what, { alter, mayBe }) => {
    // A dropped table adds no kind of event to those of a drill with a data set.
    it.each((Object.keys(bases) as Base[]).filter((base) => base !== 'dropped'))('in %s', async (base) => {
      const { folder } = await drills[base];
      const events = eventsIn(folder);
      const kinds = [...new Set(events.slice(1, -1).map(({ type }) => type))];
      const passed = kinds.filter((type) => {
        const bundle = copyOf(folder);
        rechain(bundle, alter(events, type));
        forgeManifest(bundle);
        return damageOf(bundle).passes;
      });
      expect(passed.filter((type) => !mayBe.includes(type))).toEqual([]);
    });
  },
);
