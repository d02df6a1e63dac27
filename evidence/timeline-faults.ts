import { restoredComponents } from '../core/steps/index.ts';
import { eventsOf, firstOf, type TimelineEvent } from '../core/timeline.ts';

const named = ({ seq, type }: TimelineEvent): string => `event ${seq} (${type})`;

/**
 * What no drill that ran to its end leaves out of a fault: that a region was lost, and, of each component
 * that was broken or restored, whether it stands at the end; null when there is nothing of that kind.
 */
export const oddFaults = (events: readonly TimelineEvent[]): string | null =>
  oddRegions(events) ?? oddStanding(events);

function oddRegions(events: readonly TimelineEvent[]): string | null {
  const faults = new Map(eventsOf(events, 'fault.begun').map(({ data }) => [data.id, data]));
  const lost = new Set<string>();
  for (const event of eventsOf(events, 'region.lost', 'fault.injected')) {
    const id = event.type === 'region.lost' ? event.data.of : event.data.id;
    const fault = faults.get(id)!;
    if (event.type === 'region.lost') {
      if (fault.on !== 'region' || fault.target !== event.data.region)
        return `${named(event)} is no effect of ${id}`;
      lost.add(id);
    } else if (fault.on === 'region' && !lost.has(id))
      return `${named(event)} is of a region that was not lost`;
  }
  return null;
}

function oddStanding(events: readonly TimelineEvent[]): string | null {
  const { scenario } = firstOf(events, 'drill.begun')!.data;
  const faults = eventsOf(events, 'fault.begun').filter(({ data }) => !data.beforehand);
  const inRegions = faults.flatMap(({ data }) => (data.on === 'region' ? (data.components ?? []) : []));
  const broken = faults.flatMap(({ data }) =>
    data.on === undefined ? [data.target] : data.on === 'service' ? (data.components ?? []) : [],
  );
  const restored = restoredComponents(scenario);
  const asked = eventsOf(events, 'asked').flatMap(({ data }) => (data.kind === 'component' ? [data.of] : []));
  const missing = [...broken.filter((name) => !inRegions.includes(name)), ...restored].find(
    (name) => !asked.includes(name),
  );
  return missing === undefined
    ? null
    : `${missing} was broken or restored, and nobody asked at the end whether it stands`;
}
