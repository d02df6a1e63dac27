import type { Attached } from '../core/driver.ts';
import { environmentError, messageOf } from '../core/errors.ts';
import type { Service } from '../core/service.ts';
import { tellBeginning } from './beginning.ts';
import { invariantOutcome } from './command.ts';
import type { Drill } from './drill-context.ts';
import type { PlannedComponent } from '../core/planned.ts';
import type { Plan } from './plan.ts';
import { isReplay, isRestore, actionOwner, backupToRestore } from './plan-step.ts';
import { hostRules } from './plan-mounts.ts';
import { attachedTo, workloadOf } from './drill-context.ts';
import { openStores } from './open-stores.ts';
import { secretOf, serviceOf } from './surroundings.ts';
import { unlessAborted, withDeadline } from './undo.ts';
import { sayWait, waitFor, waitForFormer } from './waiting.ts';

const closeDeadlineMs = 30_000;

/**
 * Brings the stack up, opens the stores and attaches the drivers. When the drill is ended meanwhile, rejects
 * once what it started is gone.
 */
export async function bringUp(drill: Drill): Promise<void> {
  const { plan, timeline, dependencies, options } = drill;
  if (plan.stackFile) {
    drill.stack = await dependencies.provider.up({
      file: plan.stackFile,
      profiles: plan.strategy.profiles,
      drill: drill.id,
      ownImages: ownImagesOf(plan),
      host: hostRules(plan.strategy, plan.components),
      environment: dependencies.environment,
      progress: (text) => dependencies.progress({ kind: 'line', text }),
      signal: options.signal,
      after: options.after,
      starting: () => loadAhead(plan),
    });
    for (const text of drill.stack.contained) timeline.emit('note', { text });
    timeline.emit('stack.up', { project: drill.stack.project, images: [...drill.stack.images] });
  }
  options.signal.throwIfAborted();
  const { ms: deadlineMs } = plan.scenario.stepDeadline;
  await unlessAborted(
    options.signal,
    waitFor(drill, 'opening the stores', deadlineMs, () => openStores(drill)),
  );
  await attachAll(drill);
}

/** Beside services that are still starting. What cannot be loaded is told of by whoever needs it. */
function loadAhead({ components, stores }: Plan): void {
  const drivers = [...components.values()].map(({ driver }) => driver);
  for (const one of new Set([...drivers, ...stores.map(({ kind }) => kind)]))
    one.load?.().catch(() => undefined);
}

/**
 * All at once, and told of in the order of the strategy. What was attached by the time that one cannot be is
 * kept, to be closed with the drill; what comes later is closed at once.
 */
async function attachAll(drill: Drill): Promise<void> {
  const { plan, timeline, options } = drill;
  const components = [...plan.components.values()];
  let failed = false;
  const attaching = components.map(async (component) => {
    const attached = await attachOne(drill, component);
    if (failed) await attached.close();
    else drill.attached.set(component.name, attached);
    return attached;
  });
  const all = await unlessAborted(options.signal, Promise.all(attaching)).catch((error: unknown) => {
    failed = true;
    throw error;
  });
  drill.attached.clear();
  for (const [index, component] of components.entries()) {
    const { data, server } = all[index]!;
    drill.attached.set(component.name, all[index]!);
    timeline.emit('component.attached', {
      component: component.name,
      driver: component.declared.driver,
      service: component.service,
      server,
    });
    assertDataIsMounted(component.name, serviceOf(drill, component.service), data?.folder);
  }
}

function attachOne(drill: Drill, component: PlannedComponent): Promise<Attached> {
  const { plan, timeline, dependencies, options } = drill;
  const attaching = (): Promise<Attached> =>
    component.driver.attach({
      component: component.name,
      service: serviceOf(drill, component.service),
      config: component.config as never,
      clients: () => {
        const { clients } = component.declared;
        return serviceOf(drill, clients?.service ?? component.service).endpoint(
          clients?.port ?? component.driver.port,
        );
      },
      peer: (name) => serviceOf(drill, name),
      clock: dependencies.clock,
      seed: options.seed,
      secret: (name) => secretOf(drill, name),
      note: (text) => void timeline.emit('note', { text }),
      beganWith: (what) => tellBeginning(timeline, what),
    });
  return waitFor(drill, `attaching to ${component.name}`, plan.scenario.stepDeadline.ms, attaching);
}

/**
 * A volume that is declared for a service and holds nothing of its data is a mistake that every backup of the
 * volume repeats: said before anything is broken. A service without any keeps nothing on purpose.
 */
function assertDataIsMounted(component: string, service: Service, dataFolder: string | undefined): void {
  if (dataFolder === undefined) return;
  const declared = service.mounts.filter(({ anonymous }) => !anonymous);
  const isHere = (path: string): boolean =>
    dataFolder === path || dataFolder.startsWith(`${path.replace(/\/$/, '')}/`);
  if (declared.length === 0 || declared.some(({ path }) => isHere(path))) return;
  throw environmentError(
    `${component} keeps its data in ${dataFolder}, which is on no volume of the compose file`,
    {
      found: declared
        .map(({ volume, path }) => `volume ${volume} at ${path}, with nothing of its data`)
        .join('; '),
      expected: `a volume at ${dataFolder}`,
      hint: `mount it there: what lies elsewhere is in no backup of the volume, and goes with the container`,
    },
  );
}

/** Services that are backed up as images: what is lost of those must be this drill's alone. */
const ownImagesOf = ({ backups, components }: Plan): string[] => [
  ...new Set(
    backups.filter(({ info }) => info.holds === 'image').map((one) => components.get(one.component)!.service),
  ),
];

/** Loads the data set, prepares Muster's own records and notes what the checks compare with later. */
export async function seedData(drill: Drill): Promise<void> {
  const { plan, timeline, options, dependencies } = drill;
  const { ms: deadlineMs } = plan.scenario.stepDeadline;
  for (const step of plan.scenario.seed) {
    const owner = actionOwner(plan.components, step)!;
    await waitFor(drill, `seeding: ${step.run} of ${owner.name}`, deadlineMs, () =>
      attachedTo(drill, owner.name).actions[step.run]!(step.with),
    );
    options.signal.throwIfAborted();
  }
  await refuseUnusable(drill);
  sayWait(drill, 'preparing the loads, each', deadlineMs);
  for (const workload of new Set(Object.values(plan.scenario.load).map((load) => workloadOf(drill, load)))) {
    await withDeadline(dependencies.clock, 'preparing a load', deadlineMs, workload.prepare());
    options.signal.throwIfAborted();
  }
  for (const { named, component, check, byDefault } of plan.checks) {
    const { before } = attachedTo(drill, component).checks[check]!;
    const noted =
      before &&
      waitFor(drill, `noting for the check ${named} what is there before the load`, deadlineMs, before);
    // Nobody asked for it, and nothing is done to it: the drill goes on without.
    const facts = await (byDefault === 'beside' ? noted?.catch(() => undefined) : noted);
    if (facts !== undefined) timeline.emit('check.baseline', { check: named, facts });
    options.signal.throwIfAborted();
  }
  // On the host, what the drill before is taking down is there as well.
  if (plan.invariants.length > 0) await waitForFormer(drill);
  for (const { named, command } of plan.invariants) {
    const { verdict, detail, facts } = await invariantOutcome(drill, command);
    if (verdict !== 'pass')
      throw environmentError(`the invariant ${named} does not hold before anything was broken: ${detail}`);
    timeline.emit('check.baseline', { check: named, facts });
  }
}

/**
 * What cannot be restored or replayed is said while there is something to lose, not after the loss. What a
 * restore can begin with is made while no client is kept waiting by it.
 */
async function refuseUnusable({ plan, attached, options }: Drill): Promise<void> {
  const steps = plan.scenario.recover === 'automatic' ? [] : plan.scenario.recover;
  for (const step of steps) {
    const backup = isRestore(step)
      ? backupToRestore(step, plan)
      : isReplay(step)
        ? plan.backups.find(({ id }) => id === step.replay)
        : null;
    if (!backup) continue;
    const method = attached.get(backup.component)!.backups[backup.plan.method]!;
    await method.assertUsable?.(isRestore(step) ? 'restore' : 'replay');
    options.signal.throwIfAborted();
    if (isRestore(step)) await method.prepare?.();
    options.signal.throwIfAborted();
  }
}

export async function closeAll(drill: Drill): Promise<string[]> {
  const errors: string[] = [];
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await waitFor(drill, what, closeDeadlineMs, work);
    } catch (error) {
      errors.push(`${what}: ${messageOf(error)}`);
    }
  };
  for (const [name, attached] of drill.attached) await attempt(`closing ${name}`, () => attached.close());
  drill.attached.clear();
  if (drill.repository) await attempt('closing the stores', () => drill.repository!.close());
  return errors;
}
