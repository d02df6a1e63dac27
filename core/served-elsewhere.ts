import { isOfComponent } from './fault.ts';
import { componentsIn, type PlannedComponent, type PlannedFault } from './planned.ts';
import type { Scenario } from './scenario.ts';
import { actionOf, stepsOf } from './steps/index.ts';
import { componentsHit, targetKinds } from './targets.ts';

interface Planned {
  scenario: Scenario;
  components: ReadonlyMap<string, PlannedComponent>;
}

/**
 * Components that clients reach by a way in of their own: wherever it leads by then, what they hold can be
 * looked at there.
 */
const hasWayIn = ({ declared }: PlannedComponent): boolean => declared.clients !== undefined;

/**
 * Components whose clients another server serves when the recovery is over, or may: because a region was
 * lost, a step says so, or what was broken stays away or may have been taken over while nobody acted.
 */
export const servedElsewhere = (planned: Planned, faults: readonly PlannedFault[]): string[] =>
  [...inLostRegions(planned, faults), ...movedBySteps(planned), ...leftByThemselves(planned, faults)]
    .filter(hasWayIn)
    .map(({ name }) => name);

/**
 * Those that were in a region that is lost: what their clients meet afterwards is another server, or one that
 * came back.
 */
const inLostRegions = ({ components }: Planned, faults: readonly PlannedFault[]): PlannedComponent[] =>
  faults
    .filter(({ on }) => targetKinds[on].isWhole)
    .flatMap((fault) => componentsHit(fault, components))
    .map((name) => components.get(name)!);

function movedBySteps({ components, scenario }: Planned): PlannedComponent[] {
  const all = [...components.values()];
  return stepsOf(scenario).flatMap((step) => {
    const done = actionOf(step);
    const owners = all.filter(
      ({ name, driver }) =>
        done && Object.hasOwn(driver.actions, done.action) && (done.of === undefined || done.of === name),
    );
    const [owner] = owners;
    if (!done || !owner || owners.length > 1) return [];
    if (owner.driver.takesOver?.includes(done.action))
      return all.filter(({ driver }) => driver === owner.driver);
    const moves = owner.driver.movesClients;
    if (!moves || !Object.hasOwn(moves, done.action)) return [];
    const behind = all.filter(({ declared }) => declared.clients?.service === owner.service);
    return servedBy(behind, moves[done.action]!(done.given), components);
  });
}

/**
 * Of those behind a way in, the ones that a server at `to` may serve: of the same kind as what the strategy
 * has there, else by its port. Where neither tells, all.
 */
function servedBy(
  behind: readonly PlannedComponent[],
  to: { service: string; port: number } | null,
  components: Planned['components'],
): readonly PlannedComponent[] {
  if (to === null) return behind;
  const there = componentsIn(to.service, components);
  const alike = behind.filter(({ driver }) => there.some((one) => one.driver === driver));
  if (alike.length > 0) return alike;
  const byPort = behind.filter(({ driver }) => driver.port === to.port);
  return byPort.length > 0 ? byPort : behind;
}

/**
 * Those that were broken, where no step says who serves their clients now. What stays away does not serve
 * them: another does where a load goes on asking, or a server is left that may. Where nobody acted, one that
 * is reached by the same way in may have taken over, whatever came back.
 */
function leftByThemselves(planned: Planned, faults: readonly PlannedFault[]): PlannedComponent[] {
  const { components, scenario } = planned;
  const targets = Object.values(scenario.load).flatMap(({ target }) => components.get(target) ?? []);
  return brokenIn(planned, faults).filter((one) => {
    const left = leftOver(planned, faults, one);
    if (!isAway(scenario, one))
      return scenario.recover === 'automatic' && left.some((other) => isSameWay(other, one));
    return left.length > 0 || targets.some((target) => target === one || isSameWay(target, one));
  });
}

/**
 * Those that came back by themselves, and of which nothing says whether a server of the kind that has no way
 * in of its own took over meanwhile, as a standby does, or is another application's.
 */
export const perhapsElsewhere = (planned: Planned, faults: readonly PlannedFault[]): string[] =>
  planned.scenario.recover === 'automatic'
    ? brokenIn(planned, faults)
        .filter((one) => hasWayIn(one) && leftOver(planned, faults, one).length > 0)
        .map(({ name }) => name)
    : [];

const brokenIn = ({ components }: Planned, faults: readonly PlannedFault[]): PlannedComponent[] => [
  ...new Set(
    faults
      .filter(({ fault, plan }) => isOfComponent(fault) && !plan.beforehand)
      .flatMap(({ plan }) => componentsIn(plan.target, components)),
  ),
];

const isAway = ({ staysAway }: Scenario, { name, service }: PlannedComponent): boolean =>
  [name, service].some((one) => staysAway.includes(one));

/**
 * Servers of its kind that nothing happened to, and that its clients may find: not those that have a way in
 * of their own, or a load, and serve something else.
 */
function leftOver(
  planned: Planned,
  faults: readonly PlannedFault[],
  one: PlannedComponent,
): PlannedComponent[] {
  const { components, scenario } = planned;
  const broken = brokenIn(planned, faults);
  const isItsOwn = (other: PlannedComponent): boolean =>
    hasWayIn(other) || Object.values(scenario.load).some(({ target }) => target === other.name);
  return [...components.values()].filter(
    (other) =>
      other.driver === one.driver &&
      !broken.includes(other) &&
      !isAway(scenario, other) &&
      (isSameWay(other, one) || !isItsOwn(other)),
  );
}

const isSameWay = ({ declared: { clients: a } }: PlannedComponent, { declared }: PlannedComponent): boolean =>
  a !== undefined && a.service === declared.clients?.service && a.port === declared.clients.port;
