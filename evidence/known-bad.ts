import { expectationKnownBad, expectationsOf } from '../core/existing-plan.ts';
import { knownBadOf, ledgerKnownBad, type KnownBad } from '../core/known-bad.ts';
import type { Registries } from '../core/registries.ts';
import type { Strategy } from '../core/strategy.ts';

/**
 * The run that shows that a check of a drill can fail: of the ledger, of a driver's checks, and of what
 * backups of other tools are held against. Null where there is none, as of every invariant of the user's own:
 * nobody has seen it fail.
 */
export const knownBadRuns =
  ({ components }: Strategy, { drivers }: Pick<Registries, 'drivers'>) =>
  (check: string, component: string | null): KnownBad | null => {
    if (component === null || !Object.hasOwn(components, component)) return null;
    const { driver, existing } = components[component]!;
    const name = check.startsWith(`${component}.`) ? check.slice(component.length + 1) : check;
    const known = Object.hasOwn(drivers, driver) ? drivers[driver]! : null;
    if (known && Object.hasOwn(known.checks, name)) return knownBadOf(driver, known.checks[name]!.knownBad);
    if (check === 'ledger') return ledgerKnownBad;
    const expected = existing && expectationsOf(component, existing).find((one) => one.check === check);
    if (!expected) return null;
    if (expected.kind !== 'usable') return expectationKnownBad[expected.kind];
    return known?.existing ? knownBadOf(driver, known.existing.knownBad) : null;
  };
