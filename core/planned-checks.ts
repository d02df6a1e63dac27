import { isOfComponent } from './fault.ts';
import { componentsIn, type PlannedCheck, type PlannedComponent, type PlannedFault } from './planned.ts';
import { procedureKinds } from './procedures.ts';
import type { Scenario } from './scenario.ts';
import { perhapsElsewhere, servedElsewhere } from './served-elsewhere.ts';
import { restoredComponents, runsIn, stepsOf } from './steps/index.ts';
import type { Strategy } from './strategy.ts';
import { losesWhole } from './targets.ts';
import type { ProcedureName } from './timeline.ts';

/** All that the planning of checks looks at. */
export interface Planned {
  procedure: ProcedureName;
  scenario: Scenario;
  strategy: Strategy;
  components: ReadonlyMap<string, PlannedComponent>;
}

/** The checks that a name may mean: `ttl` of whichever component has one, or `redis.ttl`. */
export const fittingChecks = ({ components }: Planned, name: string): PlannedCheck[] =>
  [...components.values()]
    .flatMap((one) =>
      Object.keys(one.driver.checks).map((check) => ({
        id: `${one.name}.${check}`,
        component: one.name,
        check,
      })),
    )
    .filter(({ id, check }) => id === name || check === name)
    .map((one) => ({ ...one, named: name }));

/** Those that the scenario names, each once; no invariants and not the ledger. */
export const checksByName = (planned: Planned): PlannedCheck[] =>
  namesOfChecks(planned).flatMap((name) => {
    const fitting = fittingChecks(planned, name);
    return fitting.length === 1 ? fitting : [];
  });

export const namesOfChecks = ({ scenario, strategy }: Planned): string[] =>
  [...new Set(scenario.check)].filter(
    (name) => name !== 'ledger' && !Object.hasOwn(strategy.invariants, name),
  );

const inventory = 'inventory';
/**
 * Says what a copy of another component held before the fault and holds after it; of what is no copy,
 * nothing.
 */
const follows = 'follows';

const namesIn = (...of: Parameters<typeof componentsIn>): string[] =>
  componentsIn(...of).map(({ name }) => name);

/**
 * Components whose data a fault, a restore or a failover touches, or a command of the user's own may, and
 * whose driver can compare what they hold.
 */
function touched(context: Planned, faults: readonly PlannedFault[]): string[] {
  const { scenario, components } = context;
  const own = faults.filter(({ fault }) => isOfComponent(fault));
  const broken = own.filter(({ fault }) => isOfComponent(fault) && (fault.losesData || fault.mayLoseData));
  const acted = [
    ...broken.flatMap(({ plan }) => namesIn(plan.target, components)),
    ...restoredComponents(scenario),
  ];
  const names = new Set([
    ...acted,
    // What becomes of a volume becomes of it for whoever has it.
    ...acted.flatMap((name) => components.get(name)?.shares ?? []),
    ...withinReach(context, own),
    ...servedElsewhere(context, faults),
  ]);
  return [...names].filter((name) => Object.hasOwn(components.get(name)?.driver.checks ?? {}, inventory));
}

/** Where commands of the user's own run: steps, and scripts by which a step restores. */
const placesOfCommands = ({ scenario, components }: Planned): string[] => [
  ...stepsOf(scenario).flatMap((step) => runsIn(step) ?? []),
  ...restoredComponents(scenario).flatMap((name) => {
    const { driver, declared } = components.get(name) ?? {};
    return Object.values(declared?.backups ?? {})
      .flatMap(({ method, options }) => driver?.backups[method]?.commands?.(options) ?? [])
      .flatMap(({ does, command }) => (does === 'restores' ? [command.in] : []));
  }),
];

/**
 * What a command does is not known: it may put data back, or take it away, in the service that it runs in,
 * and in what was broken.
 */
function withinReach(planned: Planned, own: readonly PlannedFault[]): string[] {
  const { scenario, components } = planned;
  const places = placesOfCommands(planned);
  if (places.length === 0) return [];
  const inside = [...components.values()]
    .filter(({ service }) => places.includes(service))
    .map(({ name }) => name);
  const broken = own
    .filter(({ plan }) => !plan.beforehand)
    .flatMap(({ plan }) => namesIn(plan.target, components));
  const stays = (name: string): boolean =>
    scenario.staysAway.includes(name) || scenario.staysAway.includes(components.get(name)?.service ?? name);
  return [...broken, ...inside].filter((name) => !stays(name));
}

/**
 * A command may reach over the network what nobody broke or restored: whether something of that vanished as a
 * whole is looked at.
 */
function besides(planned: Planned, faults: readonly PlannedFault[], touched: readonly string[]): string[] {
  const { scenario, components } = planned;
  if (placesOfCommands(planned).length === 0 || losesWhole(faults)) return [];
  const { staysAway } = scenario;
  const here = [...components.values()].filter(
    ({ name, service }) => ![name, service].some((one) => staysAway.includes(one)),
  );
  return here
    .filter(({ name, driver }) => !touched.includes(name) && Object.hasOwn(driver.checks, inventory))
    .map(({ name }) => name);
}

/**
 * Copies are looked at whatever was broken: they take a loss over. In a lost region nobody looks, and what is
 * to stay away is not asked.
 */
function copies({ scenario, components }: Planned, faults: readonly PlannedFault[]): string[] {
  if (losesWhole(faults)) return [];
  const here = [...components.values()].filter(
    ({ name, service }) => !scenario.staysAway.includes(name) && !scenario.staysAway.includes(service),
  );
  return here.filter(({ driver }) => Object.hasOwn(driver.checks, follows)).map(({ name }) => name);
}

/** What would run by default: those that the scenario does not name itself. */
export function allByDefault(
  planned: Planned,
  faults: readonly PlannedFault[],
  named: readonly PlannedCheck[],
): PlannedCheck[] {
  const one = (component: string, check: string, byDefault: PlannedCheck['byDefault']): PlannedCheck => {
    const id = `${component}.${check}`;
    return { id, named: id, component, check, byDefault };
  };
  // They compare with what was there before, which in an empty sandbox is nothing.
  if (!procedureKinds[planned.procedure].breaks) return [];
  const mine = touched(planned, faults);
  const open = new Set(perhapsElsewhere(planned, faults));
  const elsewhere = [...open].filter(
    (name) => !mine.includes(name) && Object.hasOwn(planned.components.get(name)!.driver.checks, inventory),
  );
  const beside = besides(planned, faults, [...mine, ...elsewhere]);
  const all = [
    ...mine.map((name) => one(name, inventory, 'touched')),
    ...beside.map((name) => one(name, inventory, 'beside')),
    ...elsewhere.map((name) => one(name, inventory, 'elsewhere')),
    ...copies(planned, faults).map((name) => one(name, follows, 'always')),
  ];
  return all.filter(({ id }) => !named.some((other) => other.id === id));
}

/**
 * The inventory of each component that is touched, and what copies hold, unless the scenario names the check
 * itself or declines it.
 */
export const checksByDefault = (
  planned: Planned,
  faults: readonly PlannedFault[],
  named: readonly PlannedCheck[],
): PlannedCheck[] =>
  allByDefault(planned, faults, named).filter(({ id }) => !Object.hasOwn(planned.scenario.decline, id));
