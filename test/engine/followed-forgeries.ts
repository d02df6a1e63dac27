import type { EventData, TimelineEvent } from '../../core/timeline.ts';

/** What makes a point of a sidecar younger than anybody knows it to be. */
export interface Younger {
  name: string;
  alter(begun: EventData['backup.begun'], durable: TimelineEvent<'backup.durable'>): void;
}

export const younger: Younger[] = [
  {
    name: 'a point of a sidecar is said to be as old as the moment at which it was durable',
    alter: (_, durable) => void (durable.data.consistentAtMs = durable.atMs),
  },
  {
    name: 'that a sidecar had left nothing by then is left out, and its point is younger',
    alter: (begun, durable) => {
      delete begun.lastWithoutMs;
      durable.data.consistentAtMs = durable.atMs;
    },
  },
];
