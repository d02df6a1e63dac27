import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventsOf, type EventType, type TimelineEvent } from '../../core/timeline.ts';
import { readChain } from '../../evidence/chain.ts';

/** The timeline in the folder of a drill. */
export const eventsIn = (folder: string): TimelineEvent[] =>
  readChain(readFileSync(join(folder, 'events.jsonl'), 'utf8')).events;

/** What its events of one type say. */
export const dataIn = <T extends EventType>(folder: string, type: T) =>
  eventsOf(eventsIn(folder), type).map(({ data }) => data);
