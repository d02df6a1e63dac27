import type { Attached } from '../core/driver.ts';
import { environmentError } from '../core/errors.ts';
import type { PlannedComponent } from '../core/planned.ts';
import type { Service } from '../core/service.ts';
import { tellBeginning } from './beginning.ts';
import type { Drill } from './drill-context.ts';
import { ownSecretsOf, secretOf, serviceNamed, serviceOf } from './drill-environment.ts';
import { ownBackupMethod } from './own-backup/method.ts';
import { madeScratch } from './scratch.ts';
import { unlessAborted } from './undo.ts';
import { waitFor } from './waiting.ts';

/**
 * All at once, and told of in the order of the strategy. What was attached by the time that one cannot be is
 * kept, to be closed with the drill; what comes later is closed at once.
 */
export async function attachAll(drill: Drill): Promise<void> {
  const { plan, timeline } = drill;
  const components = [...plan.components.values()];
  let failed = false;
  const attaching = components.map(async (component) => {
    const attached = await attachOne(drill, component);
    if (failed) await attached.close();
    else drill.attached.set(component.name, attached);
    return attached;
  });
  const all = await unlessAborted(drill.signal, Promise.all(attaching)).catch((error: unknown) => {
    failed = true;
    throw error;
  });
  drill.attached.clear();
  for (const [index, component] of components.entries()) {
    const { data, server, forgets } = all[index]!;
    drill.attached.set(component.name, all[index]!);
    timeline.emit('component.attached', {
      component: component.name,
      driver: component.declared.driver,
      service: component.service,
      server,
      ...(component.shares.length > 0 ? { shares: [...component.shares] } : {}),
      ...(forgets ? { forgets } : {}),
    });
    assertDataIsMounted(component.name, serviceOf(drill, component.service), data?.folder);
  }
}

function attachOne(drill: Drill, component: PlannedComponent): Promise<Attached> {
  const { plan, timeline } = drill;
  const attaching = async (): Promise<Attached> => {
    const own = drill.stack ? await ownSecretsOf(drill, serviceOf(drill, component.service)) : null;
    return component.driver.attach({
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
      named: async (host) => {
        const found = await serviceNamed(drill.stack?.services ?? new Map(), host);
        return found === null ? null : serviceOf(drill, found);
      },
      attached: () => [...drill.attached.values()],
      clock: drill.clock,
      seed: drill.seed,
      secret: (name) => secretOf(drill, name, own),
      own: (name) => own?.say(name) ?? null,
      ownBackup: () => ownBackupMethod(drill, component),
      note: (text) => void timeline.emit('note', { text }),
      scratch: () => madeScratch(drill),
      beganWith: (what) => tellBeginning(timeline, what),
    });
  };
  return waitFor(drill, `attaching to ${component.name}`, plan.scenario.stepDeadline.ms, attaching);
}

/**
 * A volume that is declared for a service and holds nothing of its data is a mistake that every backup of the
 * volume repeats: said before anything is broken. A service without any keeps nothing on purpose. What counts
 * is the mount that the data itself lies on: a volume of the image's own may lie deeper than the declared
 * one, as PostgreSQL's does in one that is mounted a folder too high.
 */
function assertDataIsMounted(component: string, service: Service, dataFolder: string | undefined): void {
  if (dataFolder === undefined) return;
  const declared = service.mounts.filter(({ anonymous }) => !anonymous);
  const isHere = ({ path }: { path: string }): boolean =>
    dataFolder === path || dataFolder.startsWith(`${path.replace(/\/$/, '')}/`);
  const [holds] = service.mounts.filter(isHere).toSorted((a, b) => b.path.length - a.path.length);
  if (declared.length === 0 || holds?.anonymous === false) return;
  const instead = holds ? `; it lies on a volume without a name, at ${holds.path}` : '';
  throw environmentError(
    `${component} keeps its data in ${dataFolder}, which is on no volume of the compose file`,
    {
      found: `${declared
        .map(({ volume, path }) => `volume ${volume} at ${path}, with nothing of its data`)
        .join('; ')}${instead}`,
      expected: `a volume at ${holds?.path ?? dataFolder}`,
      hint: `mount it there: what lies elsewhere is in no backup of the volume, and goes with the container`,
    },
  );
}
