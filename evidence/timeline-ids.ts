import type { EventType, TimelineEvent } from '../core/timeline.ts';

const named = ({ seq, type }: TimelineEvent): string => `event ${seq} (${type})`;
/** `fault.injected` is of what `fault.begun` began. */
const familyOf = (type: EventType): string => type.split('.')[0]!;

/** The id that an event gives to what it begins, or has from it; and the one of what it belongs to. */
const idsOf = ({ data }: TimelineEvent): { id?: string; of?: string } => data as { id?: string };
/** Which event began what another one is of; whatever it is where any may have. */
const refers: { [T in EventType]?: EventType | null } = {
  'attachment.saved': null,
  'command.begun': null,
  'region.lost': 'fault.begun',
  'undo.begun': 'fault.begun',
};

/**
 * What belongs together has one id: given once, where it begins, and had by nothing else before or beside
 * it; null when there is nothing of that kind.
 */
export function oddIds(events: readonly TimelineEvent[]): string | null {
  const begun = new Map<string, EventType>();
  for (const event of events) {
    const { id, of } = idsOf(event);
    if (id !== undefined && event.type.endsWith('.begun')) {
      if (begun.has(id)) return `${named(event)} has the id ${id} of something else`;
      begun.set(id, event.type);
    } else if (id !== undefined) {
      const first = begun.get(id);
      if (first === undefined) return `${named(event)} is of ${id}, which never began`;
      if (familyOf(first) !== familyOf(event.type))
        return `${named(event)} is of ${id}, which is a ${familyOf(first)}`;
    }
    const kind = refers[event.type];
    if (kind === undefined || of === undefined) continue;
    const first = begun.get(of);
    if (first === undefined) return `${named(event)} is of ${of}, which never began`;
    if (kind !== null && first !== kind) return `${named(event)} is of ${of}, which is a ${familyOf(first)}`;
  }
  return null;
}
