import type { Measure } from '../core/measure.ts';
import { eventsOf, type EventData } from '../core/timeline.ts';
import { finding } from './finding.ts';

function stateText({ ready, staysAway }: EventData['asked']): string {
  if (ready) return 'ready';
  return staysAway ? 'not ready, and meant to stay away' : 'not ready';
}

export const readyAtEnd: Measure = {
  about: 'At the end every component and service is ready, but for what the recovery leaves away by intent',
  judge({ events }) {
    const stood = eventsOf(events, 'asked').filter(({ data }) => data.stood !== false);
    const asked = Map.groupBy(stood, ({ data }) => data.of);
    return [...asked].map(([of, own]) => {
      const down = own.filter(({ data }) => !data.ready && !data.staysAway);
      const told = (down.length > 0 ? down : own).map(
        ({ data }) => `${data.kind}: ${stateText(data)} (${data.detail})`,
      );
      return finding({
        id: `ready-at-end/${of}`,
        title: `${of} stands at the end`,
        verdict: down.length > 0 ? 'fail' : 'pass',
        detail: `${told.join('; ')}.`,
        evidence: own.map(({ seq }) => seq),
        gate: true,
      });
    });
  },
};
