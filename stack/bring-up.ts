import { systemClock } from '../core/clock.ts';
import { environmentError, inputError } from '../core/errors.ts';
import { attachedAndReady, containerOf, noted } from './attaching.ts';
import type { Stack, StackUpOptions } from '../core/stack.ts';
import { noneBeingMade } from './being-made.ts';
import { buildLines, type Builds } from './builds.ts';
import { composeConfig, type ComposeConfig, type ComposeRun } from './compose.ts';
import { composeUp } from './compose-up.ts';
import { contain, noRules } from './containment.ts';
import { longMs, saying } from './deadline.ts';
import { makeHostVolumes } from './host-volumes.ts';
import { assertContained, laidOver } from './laid.ts';
import { movedOf } from './moved.ts';
import { neededOf } from './needed.ts';
import { nothingLaid, overrideOf, type Laid } from './override.ts';
import { forScripts } from './for-scripts.ts';
import { createHostSignal } from './host-signal.ts';
import { imageChoice, imagesWanted, provideImages, type ChosenImage, type ImageChoice } from './images.ts';
import { createNetworkTools } from './network-tools.ts';
import { currentOwner, labels } from './owner.ts';
import { namingImages } from './missing-images.ts';
import { placesIn } from './places-in.ts';
import { projectFiles } from './project-files.ts';
import { variableOf } from './recipes.ts';
import { aimAtRegion } from './region.ts';
import { dockerHost, getRuntime, type Runtime } from './runtime.ts';
import { imagesLookedAt } from './image-looks.ts';
import { imageOf, imageRecords, ownBuilds, ownImages } from './service-images.ts';
import type { Settled } from './settled.ts';
import { started, startedAndReady } from './starting.ts';
import { marked, removeMarked, type Marked } from './marked.ts';
import { formerOf, isTiedToHost } from './ties.ts';
import { unlabelledOf } from './unlabelled.ts';
import { removeUnused } from './unnamed-volumes.ts';
import type { StackProviderOptions } from './provider-options.ts';
import type { DrillSite } from './drill-site.ts';
import { blockEgress } from './egress-block.ts';

/** From nothing to a stack whose services are ready; what was made is gone again where that fails. */
export async function bringUp(provider: StackProviderOptions, up: StackUpOptions): Promise<Stack> {
  up.signal?.throwIfAborted();
  const former = formerOf(up.after);
  const { runtime, choice, chosen, run } = await prepared(provider, up);
  const { project, labels: drillLabels } = run;
  const config = neededOf(await composeConfig(run), up.services ?? []);
  const kept = Object.keys(config.services);
  const rules = up.host ?? noRules;
  const moved = movedOf(config, run, rules.ways, rules.environment, rules.mounts);
  const overriding = (images: Record<string, string>): object => overrideOf(config, run, moved, images, laid);
  const place = await placesIn(up.file, up.overrides);
  const { mounts, lines: ofHost } = contain(config, up.file, rules, place);
  const lines = [...ofHost, ...moved.lines, ...buildLines(config)];
  const { before, builds } = await ownBuilds(runtime, run, config, up.ownSoftware ?? [], place);
  const { down, unnamed } = downOf(runtime, up.drill, drillLabels);
  let laid: Laid = { ...nothingLaid, builds };
  let closed = Promise.resolve();
  const ended: string[] = [];
  let settled: Settled | undefined;
  const check = (all: ComposeConfig): void => assertContained(neededOf(all, kept), laid, rules, project);
  const site: DrillSite = {
    ...toolsOf(runtime, provider, choice, run, config, builds),
    ...givenOf(provider, up),
    deploy: async (service, image) => {
      await composeUp(run, overriding({ [service]: image }), check, { kept, only: service });
      return noted(await containerOf(runtime, project, service), unnamed);
    },
  };
  try {
    up.progress(saying(`starting ${kept.length} services`, longMs));
    const own = await ownImages(runtime, up, config, builds, drillLabels);
    const making = { ...up, runtime, project, labels: drillLabels };
    laid = { ...laidOver(mounts, await makeHostVolumes(making, mounts)), builds };
    if (isTiedToHost(config, rules)) await former.gone(up.progress, up.signal);
    const egress = blockEgress(site, { config, moved, rules }, project, provider.lookup);
    ({ closed } = egress);
    laid = { ...laid, networks: egress.layers };
    const exceptions = await egress.exceptions;
    if (exceptions) laid = { ...laid, addresses: exceptions.fixed };
    const override = (): object => overriding(own);
    const look = { ...making, run, config, rules, place, builds, own, override, check, lines };
    const start = async (): Promise<void> => {
      laid = { ...laid, neutral: await imagesLookedAt(look) };
      settled = await composeUp(run, override(), check, { kept, meanwhile: up.starting, before: closed });
    };
    const attached = await startedAndReady(
      (signal) => started(start, down, signal),
      (signal, upped) =>
        attachedAndReady({ site, project, config, provider, ended, unnamed }, { ...up, signal }, upped),
      up.signal,
    );
    return {
      project,
      services: attached,
      contained: [...lines, egress.line, ...(exceptions?.lines ?? []), ...ended],
      outwardAttempts: egress.outwardAttempts,
      images: imageRecords(attached, config, { chosen, before, own, builds }),
      aimAtRegion: (region, how) => aimAtRegion(site, region, how),
      ...forScripts(run, settled!, check, down),
    };
  } catch (error) {
    await closed.catch(() => undefined); // A network that is still being made would stay.
    await down();
    throw up.signal?.aborted
      ? error
      : await namingImages(error, { runtime, config, builds, recipes: choice.recipes.folder, place });
  }
}

interface Prepared {
  runtime: Runtime;
  choice: ImageChoice;
  chosen: ReadonlyMap<string, ChosenImage>;
  run: ComposeRun;
}

/** The engine, the images of Muster's own that the files name, and what Compose is called with. */
async function prepared(provider: StackProviderOptions, up: StackUpOptions): Promise<Prepared> {
  assertName(up.drill);
  const { file, overrides, secrets } = up;
  const { files } = await projectFiles([file, ...(overrides ?? [])]);
  const runtime = await getRuntime();
  const owner = provider.owner ?? currentOwner();
  const project = `muster-${up.drill}`;
  await assertFree(runtime, project, up.drill);
  const choice = choiceOf(provider, up);
  const chosen = await provideImages(runtime, imagesWanted(files.map(({ text }) => text).join('\n')), choice);
  const environment = environmentOf(runtime, up, chosen);
  const own = { [labels.drill]: up.drill, [labels.owner]: owner };
  return { runtime, choice, chosen, run: { file, overrides, project, environment, labels: own, secrets } };
}

const choiceOf = ({ appEntry }: StackProviderOptions, { progress }: StackUpOptions): ImageChoice =>
  imageChoice(process.env, progress, appEntry === undefined ? {} : { appEntry });

function assertName(drill: string): void {
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(drill))
    throw inputError('a drill id may hold a-z, 0-9, _ and - only', { found: drill });
}

/**
 * Removes all that has these labels, and what Compose made beside it without, also what the engine is still
 * making when it is called; then those of `unnamed`, volumes of which nothing else says whose they are.
 */
function downOf(
  runtime: Runtime,
  drill: string,
  own: Record<string, string>,
): { down(): Promise<void>; unnamed: Set<string> } {
  const unnamed = new Set<string>();
  const marks = Object.entries(own).map(([key, value]) => `${key}=${value}`);
  const left = async (): Promise<Marked[]> => {
    await noneBeingMade(drill);
    return [...(await marked(runtime, marks)), ...(await unlabelledOf(runtime, drill))];
  };
  const down = async (): Promise<void> => {
    await removeMarked(runtime, left);
    await removeUnused(runtime.container.dockerode, unnamed);
  };
  return { down, unnamed };
}

/**
 * What Compose gets. MUSTER_OWNER lets leftovers.ts find a `compose up` that outlived us, also with --keep.
 * COMPOSE_PROFILES always: one of the user's own shell would start what the strategy does not ask for.
 */
function environmentOf(
  runtime: Runtime,
  up: StackUpOptions,
  chosen: ReadonlyMap<string, ChosenImage>,
): Record<string, string> {
  const environment: Record<string, string> = {
    ...up.environment,
    MUSTER_OWNER: currentOwner(),
    DOCKER_HOST: dockerHost(runtime),
    COMPOSE_PROFILES: (up.profiles ?? []).join(','),
  };
  for (const image of chosen.values()) environment[variableOf(image.name)] = image.reference;
  return environment;
}

const givenOf = (
  provider: StackProviderOptions,
  up: StackUpOptions,
): Pick<DrillSite, 'drill' | 'secrets' | 'snapshots'> => ({
  drill: up.drill,
  secrets: [...Object.values(up.environment), ...(up.secrets ?? [])],
  snapshots: provider.snapshots !== false,
});

/** What the services of a drill are reached with. */
function toolsOf(
  runtime: Runtime,
  provider: StackProviderOptions,
  choice: ImageChoice,
  { labels: drillLabels }: ComposeRun,
  config: ComposeConfig,
  builds: Builds,
): Pick<DrillSite, 'runtime' | 'labels' | 'clock' | 'hostSignal' | 'network' | 'ownImage'> {
  const clock = provider.clock ?? systemClock;
  const images = Object.keys(config.services).flatMap((name) => imageOf(config, builds, name) || []);
  const hostSignal = createHostSignal(runtime, images, drillLabels);
  const ownImage = async (name: string): Promise<string> =>
    (await provideImages(runtime, new Map([[name, null]]), choice)).get(name)!.reference;
  const image = (): Promise<string> => ownImage('nftables');
  const network = createNetworkTools({ runtime, labels: drillLabels, hostSignal, clock, image });
  return { runtime, labels: drillLabels, clock, hostSignal, network, ownImage };
}

/** Two drills of one name would share volumes. */
async function assertFree(runtime: Runtime, project: string, drill: string): Promise<void> {
  const there = [
    ...(await marked(runtime, [`${labels.drill}=${drill}`])),
    ...(await marked(runtime, [`com.docker.compose.project=${project}`])),
  ];
  if (there.length === 0) return;
  throw environmentError(`a stack of the name ${project} is already there`, {
    found: there
      .slice(0, 3)
      .map((each) => `${each.kind} ${each.name}`)
      .join(', '),
    hint: '`muster gc` removes what dead drills left',
  });
}
