import { NoRecoveryPoint } from '../../core/errors.ts';
import type { OwnOptions } from '../../core/own-backup.ts';
import { placeOf, type FollowedPlace } from './followed-place.ts';
import type { Found } from './ground.ts';
import type { Own } from './place.ts';

/** What is known of where a sidecar leaves its backups, from look to look. */
export interface Watch {
  own: Own;
  options: OwnOptions & { follow: NonNullable<OwnOptions['follow']> };
  place: FollowedPlace;
  /** Who makes them, as a reader knows it. */
  who: string;
  /** Of each file, as it was when it was last taken note of; and all that any was: what moved is not new. */
  known: Map<string, string>;
  states: Set<string>;
  /** Files of the first look, which may be half of something: when each was last seen to change. */
  unsettled: Map<string, number>;
  /** Nothing is at work any more of what was at the first look. */
  begun: boolean;
  /** When the last look began that saw nothing new; null before there was one. */
  lastWithoutMs: number | null;
  /** A next one is to be there, and whole, within that. */
  withinMs: number;
}

export function watchFor(own: Own, options: OwnOptions): Watch {
  const followed = { ...options, follow: options.follow! };
  return {
    own,
    options: followed,
    place: placeOf(own, followed),
    who: followed.follow.service ?? 'the sidecar',
    known: new Map(),
    states: new Set(),
    unsettled: new Map(),
    begun: false,
    lastWithoutMs: null,
    withinMs: Infinity,
  };
}

/** Often enough to know well when one began, and not so often that the looks are the load. */
export const lookEveryMs = ({ withinMs }: Watch): number => Math.min(2_000, Math.max(250, withinMs / 40));

/** A look that cannot be had says nothing; why the last one could not, is told when the time is over. */
export function untroubled(): { by: unknown; unless<T>(look: () => Promise<T>): Promise<T | null> } {
  const troubled = {
    by: null as unknown,
    unless: async <T>(work: () => Promise<T>): Promise<T | null> => {
      try {
        const done = await work();
        troubled.by = null;
        return done;
      } catch (error) {
        if (error instanceof NoRecoveryPoint) throw error;
        troubled.by = error;
        return null;
      }
    },
  };
  return troubled;
}

/**
 * What differs from what is known. What is there at the first look, and what was at work by then, was begun
 * nobody knows when: until it has settled, however it changes, it is no backup of this drill.
 */
export async function look(watch: Watch, atMs: number): Promise<Found[]> {
  const { known, states, unsettled, place, options } = watch;
  const found = await place.list();
  const news: Found[] = [];
  for (const one of found.filter(({ path, state }) => known.get(path) !== state && !states.has(state))) {
    const isEarlier = !watch.begun || unsettled.has(one.path);
    if (!isEarlier) news.push(one);
    else {
      note(watch, one);
      unsettled.set(one.path, atMs);
    }
  }
  for (const [path, changedMs] of unsettled)
    if (atMs - changedMs >= options.follow.settles.ms || !found.some((one) => one.path === path))
      unsettled.delete(path);
  watch.begun ||= ![...unsettled.keys()].some(place.isBegin);
  if (watch.begun && news.length === 0) watch.lastWithoutMs = atMs;
  return news;
}

export function note({ known, states }: Watch, { path, state }: Found): void {
  known.set(path, state);
  states.add(state);
}
