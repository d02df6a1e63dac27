import { secretsIn } from '../../core/masking.ts';
import type { Plan } from '../../core/planned.ts';
import { procedureKinds } from '../../core/procedures.ts';
import { stepsOf } from '../../core/steps/index.ts';
import { attachAll } from '../attach.ts';
import type { Drill } from '../drill-context.ts';
import { openStores } from '../open-stores.ts';
import { hostRules } from '../plan-mounts.ts';
import { workOf } from '../steps/index.ts';
import { unlessAborted } from '../undo.ts';
import { waitFor } from '../waiting.ts';
import type { Phase } from './phase.ts';

/**
 * Brings the stack up, opens the stores and attaches the drivers. When the drill is ended meanwhile, rejects
 * once what it started is gone.
 */
export async function bringUp(drill: Drill): Promise<void> {
  const { plan, timeline } = drill;
  for (const step of stepsOf(plan.scenario)) workOf(step).assertGiven?.(drill, step);
  if (plan.stackFile) {
    drill.stack = await drill.provider.up({
      file: plan.stackFile,
      overrides: plan.stackOverrides,
      profiles: plan.strategy.profiles,
      drill: drill.id,
      ownSoftware: ofSoftware(plan),
      services: plan.strategy.services,
      breaks: procedureKinds[plan.procedure].breaks,
      host: hostRules(plan.strategy, plan.components, plan.stores),
      environment: drill.environment,
      secrets: secretsIn(drill.projectEnvironment),
      progress: (text) => drill.progress({ kind: 'line', text }),
      signal: drill.signal,
      after: drill.after,
      starting: () => loadAhead(plan),
    });
    for (const text of drill.stack.contained) timeline.emit('note', { text });
    timeline.emit('stack.up', { project: drill.stack.project, images: [...drill.stack.images] });
  }
  drill.signal.throwIfAborted();
  const { ms: deadlineMs } = plan.scenario.stepDeadline;
  await unlessAborted(
    drill.signal,
    waitFor(drill, 'opening the stores', deadlineMs, () => openStores(drill)),
  );
  await attachAll(drill);
}

export const up: Phase = { name: 'up', run: bringUp, endsItself: true };

/** Beside services that are still starting. What cannot be loaded is told of by whoever needs it. */
function loadAhead({ components, stores }: Plan): void {
  const drivers = [...components.values()].map(({ driver }) => driver);
  for (const one of new Set([...drivers, ...stores.map(({ kind }) => kind)]))
    one.load?.().catch(() => undefined);
}

/** Services whose software is backed up: what is lost of it must be this drill's alone. */
const ofSoftware = ({ backups, components }: Plan): string[] => [
  ...new Set(
    backups
      .filter(({ info }) => info.holds === 'software')
      .map((one) => components.get(one.component)!.service),
  ),
];
