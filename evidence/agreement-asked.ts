import { isOfComponent } from '../core/fault.ts';
import { losesData, type PlannedCheck, type PlannedComponent, type PlannedFault } from '../core/planned.ts';
import { holdsChanges } from '../core/targets.ts';
import { eventsOf } from '../core/timeline.ts';
import { firstOf, says, type Agreement } from './agreement-plan.ts';

/**
 * Whether clients' changes were held is said of each fault before which they are, that it takes data away of
 * each that does, and both of no other.
 */
export const heldDisagree = ({ events }: Agreement, faults: readonly PlannedFault[]): string | null =>
  firstOf(eventsOf(events, 'fault.begun'), (event) => {
    const { id, fault, underWay } = event.data;
    const planned = faults.find((one) => one.id === id);
    if (!planned) return null;
    const { losesData: loses = false } = event.data;
    const takes = losesData(planned);
    if (loses && !takes) return `${says(event)} says that ${fault} takes data, which it does not`;
    if (loses === 'all' && takes !== 'all')
      return `${says(event)} says that ${fault} takes all data, which it does not`;
    if (loses !== takes)
      return `${says(event)} does not say that ${fault} takes ${takes === 'all' ? 'all ' : ''}data: it was left out, or recorded before Muster did`;
    const said = underWay !== undefined;
    if (said === holdsChanges(planned)) return null;
    return said
      ? `${says(event)} says how many changes were under way at ${fault}, where none are held`
      : `${says(event)} does not say how many changes were under way at ${fault}: it was left out, or recorded before Muster did`;
  });

/** Whether the effect of a fault is still there was asked where that can be, and nowhere else. */
export function againDisagrees({ events }: Agreement, faults: readonly PlannedFault[]): string | null {
  const asked = new Set(eventsOf(events, 'fault.asked-again').map(({ data }) => data.id));
  return firstOf(eventsOf(events, 'fault.injected'), (event) => {
    const { id, fault, asks = false } = event.data;
    const planned = faults.find((one) => one.id === id);
    const can =
      planned && isOfComponent(planned.fault) && planned.fault.askedAgain && !planned.plan.beforehand;
    if (can && !asks) return `${says(event)} says that nobody asks whether ${fault} is still there`;
    return (
      asks !== asked.has(id) &&
      `${says(event)} and the events differ on whether it was asked if ${fault} is still there`
    );
  });
}

/**
 * Each check that compares noted what with. One of a component that nobody broke may lack it: then it says
 * that it is of no use, or the component was not there before.
 */
export function baselinesDisagree(
  { events }: Agreement,
  checks: readonly PlannedCheck[],
  invariants: readonly string[],
  components: ReadonlyMap<string, PlannedComponent>,
): string | null {
  const noted = new Set(eventsOf(events, 'check.baseline').map(({ data }) => data.check));
  const mayLack = ({ named, component, byDefault }: PlannedCheck): boolean =>
    byDefault === 'beside' &&
    (eventsOf(events, 'check.ended').some(
      ({ data }) => data.check === named && data.verdict === 'inconclusive',
    ) ||
      eventsOf(events, 'asked').some(
        ({ data }) => data.kind === 'component' && data.of === component && data.stood === false,
      ));
  const comparing = checks.filter(
    (one) => components.get(one.component)!.driver.checks[one.check]!.compares && !mayLack(one),
  );
  const missing = [...comparing.map(({ named }) => named), ...invariants].find((name) => !noted.has(name));
  return missing === undefined
    ? null
    : `the check ${missing} compares, and what it compares with was never noted`;
}
