import { isDeepStrictEqual } from 'node:util';
import { procedureKinds, procedureOf } from '../core/procedures.ts';
import { faultFor } from '../core/registries.ts';
import { eventsOf, firstOf as firstEvent, type EventType, type TimelineEvent } from '../core/timeline.ts';
import { againDisagrees, baselinesDisagree, heldDisagree } from './agreement-asked.ts';
import { firstOf, says, type Agreement } from './agreement-plan.ts';
import { faultId, type PlannedComponent, type PlannedFault } from '../core/planned.ts';
import { checksByDefault, checksByName } from '../core/planned-checks.ts';
import { expectationsOf } from '../core/existing-plan.ts';
import { existingComponents, restoredComponents, stepsOf, titleOf } from '../core/steps/index.ts';
import { targetOf } from '../core/targets.ts';

/**
 * Each part of the plan is there, as it was planned: what was attached, the parameters of faults, the names
 * of steps, what was asked in the end. What is there twice, the order of events tells.
 */
export function partsDisagree(plan: Agreement): string | null {
  const again = plannedAgain(plan);
  const planned =
    again && (paramsDisagree(plan, again) ?? waysDisagree(plan, again) ?? heldDisagree(plan, again.faults));
  const wrong = stepsDisagree(plan) ?? attachedDisagree(plan) ?? planned;
  if (wrong !== null || !plan.completed) return wrong;
  return (
    (again && (againDisagrees(plan, again.faults) ?? checksDisagree(plan, again))) ??
    askedDisagree(plan) ??
    readyDisagrees(plan)
  );
}

interface Again {
  components: Map<string, PlannedComponent>;
  faults: PlannedFault[];
}

/**
 * What can be planned again without the files and the stack; null where this Muster does not know a driver or
 * a fault of it. In which regions components are, the events say.
 */
function plannedAgain({ scenario, strategy, events, known }: Agreement): Again | null {
  const lost = eventsOf(events, 'fault.begun').filter(({ data }) => data.on === 'region');
  const components = new Map<string, PlannedComponent>();
  for (const [name, declared] of Object.entries(strategy.components)) {
    const driver = known.drivers[declared.driver];
    if (!driver) return null;
    const region = lost.find(({ data }) => data.components?.includes(name))?.data.target ?? null;
    const service = declared.service ?? name;
    const attached = eventsOf(events, 'component.attached').find(({ data }) => data.component === name);
    const shares = attached?.data.shares ?? [];
    components.set(name, { name, service, driver, declared, config: null, region, compose: null, shares });
  }
  const faults = scenario.fault.flatMap((plan, i): PlannedFault[] => {
    const generic = known.faults[plan.name];
    const driver = components.get(plan.target)?.driver;
    const isElsewhere = generic?.on === 'store' || generic?.on === 'region' || !driver;
    const fault = isElsewhere ? generic : faultFor(driver, plan.name, known);
    if (!fault || typeof fault === 'string') return [];
    const params = fault.params.safeParse(plan.params).data ?? null;
    return [{ id: faultId(i), plan, fault, params, on: targetOf(fault, driver !== undefined) }];
  });
  return faults.length === scenario.fault.length ? { components, faults } : null;
}

function stepsDisagree({ scenario, events }: Agreement): string | null {
  const steps = stepsOf(scenario);
  return firstOf(eventsOf(events, 'step.begun', 'step.ended'), (event) => {
    const step = steps[event.data.step];
    return (
      step !== undefined &&
      event.data.title !== titleOf(step) &&
      `${says(event)} calls step ${event.data.step} ${event.data.title}, and it is ${titleOf(step)}`
    );
  });
}

/** One event for each of these names, and for no other. */
function eachThere<T extends EventType>(
  { events }: Agreement,
  type: T,
  wanted: readonly string[],
  nameOf: (event: TimelineEvent<T>) => string,
): string | null {
  const there = eventsOf(events, type);
  const other = there.find((event) => !wanted.includes(nameOf(event)));
  if (other) return `event ${other.seq} (${type}) is of ${nameOf(other)}, which is not planned`;
  const missing = wanted.find((name) => !there.some((event) => nameOf(event) === name));
  return missing === undefined ? null : `there is no ${type} of ${missing}`;
}

function attachedDisagree(plan: Agreement): string | null {
  const { strategy, events, completed } = plan;
  const wrong = firstOf(eventsOf(events, 'component.attached'), (event) => {
    const { component, driver, service } = event.data;
    const declared = strategy.components[component];
    return (
      declared !== undefined &&
      (driver !== declared.driver || service !== (declared.service ?? component)) &&
      `${says(event)} has ${component} by ${driver} in ${service}`
    );
  });
  if (wrong !== null || !completed) return wrong;
  const isUp = firstEvent(events, 'stack.up') !== null;
  if (isUp === (strategy.stack === 'none'))
    return `there is ${isUp ? 'a' : 'no'} stack, against the strategy`;
  const components = Object.keys(strategy.components);
  return eachThere(plan, 'component.attached', components, ({ data }) => data.component);
}

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

function paramsDisagree({ events }: Agreement, { faults }: Again): string | null {
  return firstOf(eventsOf(events, 'fault.begun'), (event) => {
    const { id, fault, params } = event.data;
    const planned = faults.find((one) => one.id === id);
    return (
      !isDeepStrictEqual(asJson(planned?.params), asJson(params)) &&
      `${says(event)} has parameters of ${fault} that are not planned`
    );
  });
}

/** A fault of one way in tells whose clients come by it, as the strategy has it. */
function waysDisagree({ strategy, events }: Agreement, { faults }: Again): string | null {
  const ways = eventsOf(events, 'fault.route');
  const wrong = firstOf(ways, (event) => {
    const { target, port, usedBy } = event.data;
    const service = strategy.components[target]?.service ?? target;
    const comesBy = Object.entries(strategy.components)
      .filter(([, { clients }]) => clients?.service === service && clients.port === port)
      .map(([name]) => name);
    return (
      !isDeepStrictEqual(usedBy, comesBy) &&
      `${says(event)} has others come by port ${port} of ${service} than the strategy`
    );
  });
  if (wrong !== null) return wrong;
  const isOfWay = ({ data }: TimelineEvent<'fault.injected'>): boolean =>
    faults.some(
      ({ id, fault, plan }) =>
        id === data.id && !plan.beforehand && fault.on === 'system' && fault.oneRoute === true,
    );
  return firstOf(
    eventsOf(events, 'fault.injected').filter(isOfWay),
    (event) =>
      !ways.some(({ data }) => data.id === event.data.id) &&
      `${says(event)} is of one way in, and nothing says which`,
  );
}

/** Each check that is planned has ended, or had nothing to say, which only one that runs by default may. */
function checksDisagree(plan: Agreement, again: Again): string | null {
  const { scenario, strategy, events } = plan;
  const planned = {
    procedure: procedureOf(events),
    scenario: { ...scenario, decline: scenario.decline ?? {} },
    strategy: { ...strategy, invariants: strategy.invariants ?? {} },
    components: again.components,
  };
  const named = checksByName(planned);
  const invariants = scenario.check.filter((name) => Object.hasOwn(planned.strategy.invariants, name));
  const unnamed = checksByDefault(planned, again.faults, named);
  const byDefault = unnamed.map((one) => one.named);
  const over = eventsOf(events, 'check.ended', 'check.silent').map(({ data }) => data.check);
  const expected = existingComponents(scenario).flatMap((name) => {
    const existing = strategy.components[name]?.existing;
    return existing ? expectationsOf(name, existing).map(({ check }) => check) : [];
  });
  const missing = [...named.map((one) => one.named), ...invariants, ...byDefault, ...expected].find(
    (name) => !over.includes(name),
  );
  if (missing !== undefined) return `the check ${missing} never ended`;
  const wrong = firstOf(
    eventsOf(events, 'check.silent'),
    (event) =>
      !byDefault.includes(event.data.check) && `${says(event)} is of a check that does not run by default`,
  );
  // What was restored into an empty sandbox is compared with nothing.
  if (wrong !== null || !procedureKinds[planned.procedure].breaks) return wrong;
  return baselinesDisagree(plan, [...named, ...unnamed], invariants, again.components);
}

/** In the end every component is asked, and every service of the stack. */
function askedDisagree(plan: Agreement): string | null {
  const { strategy, scenario, events } = plan;
  const images = firstEvent(events, 'stack.up')?.data.images ?? [];
  const wanted = [
    ...Object.keys(strategy.components).map((name) => `component ${name}`),
    ...images.map(({ service }) => `service ${service}`),
  ];
  const wrong = eachThere(plan, 'asked', wanted, ({ data }) => `${data.kind} ${data.of}`);
  if (wrong !== null) return wrong;
  const struck = [
    ...eventsOf(events, 'fault.begun').flatMap(({ data }) =>
      data.on === undefined && !data.beforehand ? [data.target] : [],
    ),
    ...restoredComponents(scenario),
  ];
  return firstOf(
    eventsOf(events, 'asked'),
    (event) =>
      event.data.stood === false &&
      event.data.kind === 'component' &&
      struck.includes(event.data.of) &&
      `${says(event)} says that ${event.data.of}, which was broken or restored, had not stood before`,
  );
}

/** What is rounded on the way. */
const roundedMs = 1;

/** Where nobody acts, what was broken is waited for until it is ready, or nobody waits any longer. */
function readyDisagrees({ scenario, strategy, events }: Agreement): string | null {
  const ended = firstEvent(events, 'observation.ended');
  const recovered = eventsOf(events, 'recovery.ended').at(-1);
  if (scenario.recover !== 'automatic' || !ended || !recovered) return null;
  if (ended.atMs - recovered.atMs >= scenario.giveUp.ms - roundedMs) return null;
  const faults = eventsOf(events, 'fault.begun').filter(({ data }) => !data.beforehand);
  const inRegions = faults.flatMap(({ data }) => (data.on === 'region' ? (data.components ?? []) : []));
  const broken = faults.flatMap(({ data }) =>
    data.on === undefined ? [data.target] : data.on === 'service' ? (data.components ?? []) : [],
  );
  const ready = eventsOf(events, 'ready').map(({ data }) => data.component);
  const isAway = (name: string): boolean =>
    [name, strategy.components[name]?.service ?? name].some((one) => scenario.staysAway.includes(one));
  const missing = broken.find((name) => !inRegions.includes(name) && !ready.includes(name) && !isAway(name));
  return missing === undefined
    ? null
    : `${missing} was broken, nobody acted, and the observation ended before it was ready`;
}
