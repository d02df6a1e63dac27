import { faultId } from '../core/planned.ts';
import { stepsOf } from '../core/steps/index.ts';
import { procedureKinds, procedureOf } from '../core/procedures.ts';
import type { FaultPlan } from '../core/scenario.ts';
import type { Strategy } from '../core/strategy.ts';
import { eventsOf, type EventData, type TimelineEvent } from '../core/timeline.ts';
import { backupsDisagree } from './agreement-backups.ts';
import { logsDisagree } from './agreement-logs.ts';
import { partsDisagree } from './agreement-parts.ts';
import { firstOf, says, type Agreement, type Known } from './agreement-plan.ts';
import { textsDisagree } from './agreement-texts.ts';

/**
 * Where the events are not those of the strategy and the scenario that the drill began with; null where
 * they are. A part of the plan that never came is held against drills alone that ran to their end.
 */
export function agreementDamage(events: readonly TimelineEvent[], known: Known): string | null {
  const { drill, scenario, strategy } = (events[0] as TimelineEvent<'drill.begun'>).data;
  const completed = eventsOf(events, 'drill.ended')[0]?.data.outcome === 'completed';
  const plan: Agreement = { drill, scenario, strategy, events, completed, known };
  for (const differs of [
    textsDisagree,
    procedureDisagrees,
    loadsDisagree,
    faultsDisagree,
    regionsDisagree,
    recoveryDisagrees,
    absencesDisagree,
    backupsDisagree,
    logsDisagree,
    partsDisagree,
  ]) {
    const why = differs(plan);
    if (why !== null) return `the events are not those of the plan: ${why}`;
  }
  return null;
}

/** Where nothing is to be broken, no fault is planned, and nobody's traffic is felt. */
function procedureDisagrees({ scenario, events }: Agreement): string | null {
  const procedure = procedureOf(events);
  if (procedureKinds[procedure].breaks) return null;
  const planned = [...scenario.fault.map(({ name }) => name), ...Object.keys(scenario.load)];
  return planned.length > 0 ? `a ${procedure} has no ${planned[0]}` : null;
}

function loadsDisagree({ scenario, strategy, events, completed, known }: Agreement): string | null {
  const planned = Object.entries(scenario.load);
  const begun = eventsOf(events, 'load.begun');
  const wrong = firstOf(begun, (event) => {
    const { load, index, target, kind, ratePerSecond, volatile } = event.data;
    const [name, plan] = planned[index] ?? [];
    if (!plan || name !== load) return `${says(event)} names load ${index}, ${load}, which is not planned`;
    if (target !== plan.target) return `${says(event)} has ${load} at ${target}, and not at ${plan.target}`;
    if (ratePerSecond !== plan.rate.perSecond)
      return `${says(event)} has ${load} at ${ratePerSecond}/s, and not at ${plan.rate.text}`;
    if (volatile !== plan.volatile) return `${says(event)} has ${load} as volatile: ${volatile}`;
    const driver = known.drivers[strategy.components[target]?.driver ?? ''];
    const own = driver ? driver.workload : kind;
    return kind !== (plan.by === undefined ? own : 'visits') && `${says(event)} has ${load} as ${kind}`;
  });
  if (wrong) return wrong;
  const ended = eventsOf(events, 'load.ended', 'readback.ended').find(
    ({ data }) => !begun.some((one) => one.data.index === data.index && one.data.load === data.load),
  );
  if (ended) return `${says(ended)} names load ${ended.data.load}, which never began`;
  const missing = planned.find((_, index) => !begun.some(({ data }) => data.index === index));
  return completed && missing ? `load ${missing[0]} never began` : null;
}

const sameFault = (a: { fault: string; target: string }, b: FaultPlan | undefined): boolean =>
  a.fault === b?.name && a.target === b.target;

/** A fault of a service hits the components that live in it. */
function inServiceDiffers(strategy: Strategy, event: TimelineEvent<'fault.begun'>): string | null {
  const { target, beforehand, components = [] } = event.data;
  const inIt = Object.keys(strategy.components).filter((one) => serviceOf(strategy, one) === target);
  const differs = [...inIt, ...components].find((one) => inIt.includes(one) !== components.includes(one));
  return differs && !beforehand
    ? `${says(event)} is wrong about whether ${differs} lives in ${target}`
    : null;
}

/** Each planned fault strikes once at most, at what it was planned for. */
function faultsDisagree({ scenario, strategy, events, known }: Agreement): string | null {
  const planned = new Map(scenario.fault.map((plan, i) => [faultId(i), plan]));
  const begun = firstOf(eventsOf(events, 'fault.begun'), (event) => {
    const { data } = event;
    const plan = planned.get(data.id);
    if (!plan || !sameFault(data, plan) || (plan.beforehand === true) !== (data.beforehand === true))
      return `${says(event)} is a ${data.fault} of ${data.target} that is not planned`;
    const fault = known.faults[data.fault];
    const on =
      fault?.on === 'store' || fault?.on === 'region'
        ? fault.on
        : fault?.on === 'container' && !Object.hasOwn(strategy.components, data.target)
          ? 'service'
          : undefined;
    if (fault && data.on !== on)
      return `${says(event)} says that ${data.fault} is a fault of a ${data.on ?? 'component'}`;
    const everyStore = fault?.on === 'store' && fault.everyStore === true;
    if (fault && (data.everyStore === true) !== everyStore)
      return `${says(event)} says that ${data.fault} takes ${data.everyStore ? '' : 'not '}from every store`;
    if (data.on !== 'region' && data.on !== 'service' && data.components)
      return `${says(event)} lists components, and is of no region or service`;
    if (data.on === 'service') return inServiceDiffers(strategy, event);
    const among = data.on === 'store' ? strategy.stores : strategy.components;
    return (
      data.on !== 'region' &&
      !Object.hasOwn(among, data.target) &&
      `${says(event)} is of no ${data.on ?? 'component'}`
    );
  });
  if (begun) return begun;
  const later = eventsOf(
    events,
    'fault.injected',
    'fault.witnessed',
    'fault.unwitnessed',
    'fault.failed',
    'fault.route',
    'fault.asked-again',
  );
  return firstOf(
    later,
    (event) =>
      !sameFault(event.data, planned.get(event.data.id)) &&
      `${says(event)} is of a ${event.data.fault} of ${event.data.target}, which is not planned`,
  );
}

const serviceOf = (strategy: Strategy, component: string): string =>
  strategy.components[component]?.service ?? component;

/** A region is lost by a fault of it alone, once, with the components and the stores that are in it. */
function regionsDisagree({ strategy, events }: Agreement): string | null {
  const lost = new Set<string>();
  return firstOf(eventsOf(events, 'region.lost', 'region.returned', 'region.connections'), (event) => {
    const { region } = event.data;
    const fault = eventsOf(events, 'fault.begun').find(
      ({ seq, data }) => seq < event.seq && data.on === 'region' && data.target === region,
    );
    if (!fault) return `${says(event)} is of region ${region}, which no fault took away`;
    if (event.type !== 'region.lost') return null;
    if (lost.has(region)) return `${says(event)} has region ${region} lost once more`;
    lost.add(region);
    const { services, stores } = event.data;
    const inIt = Object.keys(strategy.components).filter((one) =>
      services.includes(serviceOf(strategy, one)),
    );
    const hit = fault.data.components ?? [];
    const differs = [...inIt, ...hit].find((one) => inIt.includes(one) !== hit.includes(one));
    if (!fault.data.beforehand && differs)
      return `${says(event)} and event ${fault.seq} differ on whether ${differs} is in region ${region}`;
    const isInIt = (store: string): boolean => {
      const declared = strategy.stores[store];
      return declared?.region === undefined
        ? services.includes(declared?.['service'] as string)
        : declared.region === region;
    };
    const store = stores.find((one) => !isInIt(one));
    return store !== undefined && `${says(event)} has store ${store} in region ${region}`;
  });
}

function recoveryDisagrees({ scenario, events }: Agreement): string | null {
  const automatic = scenario.recover === 'automatic';
  const begun = eventsOf(events, 'recovery.begun').find(({ data }) => data.automatic !== automatic);
  if (begun) return `${says(begun)} says ${begun.data.automatic ? 'that nobody acts' : 'that somebody acts'}`;
  const steps = stepsOf(scenario);
  return firstOf(
    eventsOf(events, 'step.begun', 'step.ended', 'stage.begun', 'stage.ended'),
    (event) =>
      steps[event.data.step] === undefined &&
      `${says(event)} is of step ${event.data.step}, and there is none`,
  );
}

/** Only what the scenario names stays away by intent, and what lies in a region that was not given back. */
function absencesDisagree({ scenario, strategy, events }: Agreement): string | null {
  const { staysAway } = scenario;
  const named = (of: string): boolean =>
    [
      of,
      serviceOf(strategy, of),
      ...Object.keys(strategy.components).filter((one) => serviceOf(strategy, one) === of),
    ].some((one) => staysAway.includes(one));
  const isLost = (of: string, seq: number): boolean => {
    const isOf = (region: string) => (one: { seq: number; data: EventData['region.returned'] }) =>
      one.seq < seq && one.data.region === region;
    return eventsOf(events, 'region.lost').some(
      (lost) =>
        lost.seq < seq &&
        lost.data.services.some((service) => service === of || service === serviceOf(strategy, of)) &&
        !eventsOf(events, 'region.returned').some(isOf(lost.data.region)),
    );
  };
  return firstOf(eventsOf(events, 'asked', 'fault.asked-again'), (event) => {
    if (!event.data.staysAway) return null;
    const of = event.type === 'asked' ? event.data.of : event.data.target;
    if (named(of) || (event.type === 'asked' && isLost(of, event.seq))) return null;
    return `${says(event)} says that ${of} stays away by intent`;
  });
}
