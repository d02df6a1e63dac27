import { InputErrors, MusterError } from '../core/errors.ts';
import type { Containment, StackProvider } from '../core/stack.ts';
import { buildLines, makerOf } from './builds.ts';
import { composeConfig, type ComposeConfig, type ComposeRun } from './compose.ts';
import { placesIn } from './places-in.ts';
import { contain } from './containment.ts';
import { closedLineOf, openLine } from './egress.ts';
import { refuseFollowedOut } from './egress-block.ts';
import { plannedLines } from './egress-exceptions.ts';
import { imagesAhead } from './image-looks.ts';
import { ownVolumeLines } from './mounts.ts';
import { movedOf } from './moved.ts';
import { neededOf } from './needed.ts';
import { projectEnvironment } from './project-environment.ts';
import { mustersNames } from './run-environment.ts';

const unlessMissing = (error: unknown): null => {
  if (error instanceof MusterError && error.trouble === 'environment') return null;
  throw error;
};

/** See StackProvider.contain. */
export async function containAhead(
  { file, overrides = [], profiles, services = [], host }: Parameters<StackProvider['contain']>[0],
  meanwhile?: () => void,
): Promise<Containment | null> {
  const read = await configAhead({ file, overrides, profiles }, meanwhile);
  if (read === null) return null;
  const needed = neededOf(read.config, services);
  refuseFollowedOut(needed, host);
  const { lines: moved } = movedOf(needed, read.run, host.ways, host.environment, host.mounts);
  const egress =
    host.egress === 'closed' ? [closedLineOf(needed), ...plannedLines(needed, host.wayOut)] : [openLine];
  const place = await placesIn(file, overrides);
  const contained = contain(needed, file, host, place);
  const images = await imagesAhead({ config: needed, rules: host, place });
  return {
    ...contained,
    volumes: ownVolumeLines(needed, file, host),
    moved: [...moved, ...buildLines(needed), ...images, ...egress],
    images: imagesIn(needed),
  };
}

const imagesIn = ({ services }: ComposeConfig): Record<string, string> =>
  Object.fromEntries(
    Object.entries(services).flatMap(([name, { image, build }]) =>
      image === undefined || build !== undefined || makerOf({ services }, image) ? [] : [[name, image]],
    ),
  );

/** The word that stands for what each run makes anew. */
export const standIn = (name: string): string => `generated-${name}`;

/**
 * What Compose makes of a file before anything is started. What is generated for each run stands in by a
 * word: it is in no path. Null where Compose cannot say: it is not there, or wants a value.
 */
export async function configAhead(
  {
    file,
    overrides = [],
    profiles,
  }: { file: string; overrides?: readonly string[]; profiles: readonly string[] },
  meanwhile?: () => void,
): Promise<{ config: ComposeConfig; run: ComposeRun } | null> {
  const asked = await projectEnvironment(file, overrides).catch(unlessMissing);
  if (asked === null) return null;
  const generated = Object.fromEntries(
    [...mustersNames, ...asked.wanting].map((name) => [name, standIn(name)]),
  );
  const environment = { ...generated, COMPOSE_PROFILES: profiles.join(',') };
  const run = { file, overrides, project: 'muster-plan', labels: {}, environment };
  const config = await composeConfig(run, { meanwhile }).catch((error: unknown) => {
    const isSecret =
      error instanceof MusterError &&
      !(error instanceof InputErrors) &&
      /required variable/.test(error.found ?? '');
    return isSecret ? null : unlessMissing(error);
  });
  return config && { config, run };
}
