import { isOfComponent } from './fault.ts';
import { componentsIn, type PlannedComponent, type PlannedFault } from './planned.ts';
import type { Scenario } from './scenario.ts';
import { actionOf, stepsOf, type Step } from './steps/index.ts';
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

/** `sure`: what is there is compared strictly; `perhaps`: what differs is open. */
interface Moved {
  sure: readonly PlannedComponent[];
  perhaps: readonly PlannedComponent[];
}

/**
 * Components whose clients another server serves when the recovery is over: because a region was lost, a
 * step says so, or what was broken stays away or was taken over while nobody acted.
 */
export const servedElsewhere = (planned: Planned, faults: readonly PlannedFault[]): string[] =>
  [
    ...inLostRegions(planned, faults),
    ...movedBySteps(planned, faults).flatMap(({ sure }) => sure),
    ...leftByThemselves(planned, faults),
  ]
    .filter(hasWayIn)
    .map(({ name }) => name);

/**
 * Components of which nothing says whether another server serves their clients by then: a server of the kind
 * is left that may be a standby or another application's, or a step moved clients, and maybe theirs.
 */
export const perhapsElsewhere = (planned: Planned, faults: readonly PlannedFault[]): string[] =>
  [
    ...movedBySteps(planned, faults).flatMap(({ perhaps }) => perhaps),
    ...brokenIn(planned, faults).filter((one) => leftOver(planned, faults, one).length > 0),
  ]
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

const movedBySteps = (planned: Planned, faults: readonly PlannedFault[]): Moved[] => {
  const struck = [...brokenIn(planned, faults), ...inLostRegions(planned, faults)];
  return stepsOf(planned.scenario).flatMap((step) => movedBy(step, planned, struck) ?? []);
};

function movedBy(step: Step, { components }: Planned, struck: readonly PlannedComponent[]): Moved | null {
  const done = actionOf(step);
  if (!done) return null;
  const all = [...components.values()];
  const owners = all.filter(
    ({ name, driver }) =>
      Object.hasOwn(driver.actions, done.action) && (done.of === undefined || done.of === name),
  );
  const [owner] = owners;
  if (!owner || owners.length > 1) return null;
  const { takesOver, copiesFrom, movesClients } = owner.driver;
  if (takesOver?.includes(done.action)) return takenOver(owner, all, struck);
  if (copiesFrom && Object.hasOwn(copiesFrom, done.action)) {
    const source = copiesFrom[done.action]!(done.given);
    return copied(owner, source === null ? [] : componentsIn(source, components));
  }
  if (!movesClients || !Object.hasOwn(movesClients, done.action)) return null;
  const behind = all.filter(({ declared }) => declared.clients?.service === owner.service);
  const served = servedBy(behind, movesClients[done.action]!(done.given), components);
  const named = Object.values(done.given);
  const known = served.filter((one) => struck.includes(one) || named.includes(one.name));
  return known.length > 0 ? concerned(served, known) : { sure: served, perhaps: [] };
}

/** A promoted server serves its own clients and those of what was broken. */
function takenOver(
  owner: PlannedComponent,
  all: readonly PlannedComponent[],
  struck: readonly PlannedComponent[],
): Moved {
  const kind = all.filter((one) => one.driver === owner.driver && hasWayIn(one));
  const known = kind.filter((one) => struck.includes(one) || one.service === owner.service);
  if (known.length > 0) return concerned(kind, known);
  // Nothing says whose clients it serves, unless all come by one way.
  const isOneWay = kind.every((one) => isSameWay(one, kind[0]!));
  return isOneWay ? { sure: kind, perhaps: [] } : { sure: [], perhaps: kind };
}

/** The clients of a server that holds what another one holds are at that one, unless it has other clients. */
function copied(owner: PlannedComponent, from: readonly PlannedComponent[]): Moved {
  const hasOthers = from.some(
    (one) => one.driver === owner.driver && hasWayIn(one) && !isSameWay(one, owner),
  );
  return hasOthers ? { sure: [], perhaps: [owner] } : { sure: [owner], perhaps: [] };
}

/**
 * Of components, those that come by the way of a known one, and those by another port of its service, which
 * may be its own or another application's. Another service is another application's.
 */
function concerned(of: readonly PlannedComponent[], known: readonly PlannedComponent[]): Moved {
  const isKnown = (one: PlannedComponent): boolean =>
    known.some((other) => other === one || isSameWay(other, one));
  return {
    sure: of.filter(isKnown),
    perhaps: of.filter((one) => !isKnown(one) && known.some((other) => isSameService(other, one))),
  };
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
 * them: another does where a load goes on asking, or a server is left that has no other clients. Where nobody
 * acted, one that is reached by the same way in may have taken over, whatever came back.
 */
function leftByThemselves(planned: Planned, faults: readonly PlannedFault[]): PlannedComponent[] {
  const { components, scenario } = planned;
  const targets = Object.values(scenario.load).flatMap(({ target }) => components.get(target) ?? []);
  return brokenIn(planned, faults).filter((one) => {
    const left = leftOver(planned, faults, one);
    if (!isAway(scenario, one))
      return scenario.recover === 'automatic' && left.some((other) => isSameWay(other, one));
    return (
      left.some((other) => !hasWayIn(other) || isSameWay(other, one)) ||
      targets.some((target) => target === one || isSameWay(target, one))
    );
  });
}

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
 * Servers of its kind that nothing happened to, and that its clients may find: those without a way in, unless
 * a load writes to them, and those that the same service leads to, by whichever port. Such a service may lead
 * any of its ports to any of its servers; one that another service leads to serves something else.
 */
function leftOver(
  planned: Planned,
  faults: readonly PlannedFault[],
  one: PlannedComponent,
): PlannedComponent[] {
  const { components, scenario } = planned;
  const broken = brokenIn(planned, faults);
  const hasLoad = ({ name }: PlannedComponent): boolean =>
    Object.values(scenario.load).some(({ target }) => target === name);
  return [...components.values()].filter(
    (other) =>
      other.driver === one.driver &&
      !broken.includes(other) &&
      !isAway(scenario, other) &&
      (hasWayIn(other) ? isSameService(other, one) : !hasLoad(other)),
  );
}

const isSameService = (one: PlannedComponent, other: PlannedComponent): boolean =>
  hasWayIn(one) && one.declared.clients?.service === other.declared.clients?.service;

const isSameWay = (one: PlannedComponent, other: PlannedComponent): boolean =>
  isSameService(one, other) && one.declared.clients?.port === other.declared.clients?.port;
