import { environmentError, InputErrors, type MusterError } from '../core/errors.ts';
import type { HostRules } from '../core/stack.ts';
import { listed } from './acted-on.ts';
import type { Builds } from './builds.ts';
import { composeImages, type ComposeConfig, type ComposeRun } from './compose.ts';
import { readFromDocker } from './compose-reading.ts';
import type { PlaceOf } from './containment.ts';
import { neutralOf } from './image-marks.ts';
import type { Wanted } from './image-platform.ts';
import type { Neutral } from './moved-shape.ts';
import { describedBy, type Described } from './over-image.ts';
import type { Runtime } from './runtime.ts';
import { imageOf, wantedBy } from './service-images.ts';

interface Looked {
  /** By service. */
  neutral: Readonly<Record<string, Neutral>>;
  /** For who reads the plan, or the report. */
  lines: string[];
}

interface Look {
  config: ComposeConfig;
  rules: HostRules;
  place: PlaceOf;
}

/** Images of a service: of its container, and of those that run before it. */
const imagesOf = (config: ComposeConfig, service: string, own: string): string[] =>
  wantedBy(config, service, own).map(({ image }) => image);

/** What is laid over all of these images; throws what cannot be made neutral. */
function lookedAt({ config, rules, place }: Look, of: (service: string) => Described[]): Looked {
  const problems: MusterError[] = [];
  const lines: string[] = [];
  const neutral: Record<string, Neutral> = {};
  for (const service of Object.keys(config.services)) {
    const marks = of(service).flatMap(({ Config }) => Config ?? []);
    const found = neutralOf(service, marks, rules, place);
    neutral[service] = found.neutral;
    lines.push(...found.lines);
    problems.push(...found.problems);
  }
  if (problems.length > 0) throw problems.length === 1 ? problems[0]! : new InputErrors(problems);
  return { neutral, lines };
}

interface Starting extends Look {
  runtime: Runtime;
  run: ComposeRun;
  builds: Builds;
  /** Images that services run from in the place of their own, by service. */
  own: Readonly<Record<string, string>>;
  override(): object;
  check(merged: ComposeConfig): void;
  signal?: AbortSignal | undefined;
  /** For the report. */
  lines: string[];
}

/**
 * Has whatever the engine does not have pulled or built, and looks at each image before a container of it
 * starts; gives what is laid over, by service. Errors as of Compose; input errors for what cannot be made
 * neutral.
 */
export async function imagesLookedAt(starting: Starting): Promise<Looked['neutral']> {
  const { runtime, run, config, builds, own } = starting;
  const found = new Map<string, Described>();
  const images = (service: string): string[] =>
    imagesOf(config, service, own[service] ?? imageOf(config, builds, service));
  const lookAt = async (service: string): Promise<boolean> => {
    const missing: string[] = [];
    for (const image of images(service)) {
      const described = found.get(image) ?? (await describedBy(runtime, image));
      if (described === null) missing.push(image);
      else found.set(image, described);
    }
    return missing.length === 0;
  };
  const absent: string[] = [];
  for (const service of Object.keys(config.services)) if (!(await lookAt(service))) absent.push(service);
  if (absent.length > 0) {
    const pulled = pulledFor(starting, absent, found);
    await composeImages(run, starting.override(), starting.check, absent, pulled, starting.signal);
    found.clear();
    for (const service of Object.keys(config.services)) await lookAt(service);
    for (const service of absent) assertThere(service, images(service), found);
  }
  const described = (service: string): Described[] =>
    images(service).flatMap((image) => found.get(image) ?? []);
  const { neutral, lines } = lookedAt(starting, described);
  starting.lines.push(...lines);
  return neutral;
}

type Found = ReadonlyMap<string, unknown>;

/** What Compose would still get when it starts the service, nobody has looked at. */
function assertThere(service: string, images: readonly string[], found: Found): void {
  const missing = images.filter((image) => !found.has(image));
  if (missing.length > 0)
    throw environmentError(`image ${missing.join(', ')} of ${service} is not there`, {
      expected: 'an image that can be looked at before a container of it starts',
      hint: 'bring it here by `docker pull`, or by `docker save` and `docker load`',
    });
}

/**
 * What is pulled for these services: what they have from nowhere else and the engine does not have. Never an
 * image that it has, whose name could come to stand for another.
 */
function pulledFor({ config, builds, own }: Starting, absent: readonly string[], found: Found): Wanted[] {
  const named = new Map<string, Wanted>();
  for (const service of absent) {
    if (config.services[service]!.pull_policy === 'never') continue;
    const ofOwn = own[service] ?? builds.own[service];
    for (const wanted of wantedBy(config, service, ofOwn ?? config.services[service]!.image ?? ''))
      if (wanted.image !== ofOwn && !found.has(wanted.image)) named.set(wanted.image, wanted);
  }
  return [...named.values()];
}

/** An engine that has not answered by then is asked again when the drill starts. */
const aheadMs = 5_000;

/** The same before anything is started, of what the engine has; what it does not have is named. */
export async function imagesAhead(look: Look): Promise<string[]> {
  const { services } = look.config;
  const names = new Set(
    Object.entries(services).flatMap(([name, { image = '' }]) => imagesOf(look.config, name, image)),
  );
  const found = new Map<string, Described>();
  await Promise.all([...names].map(async (name) => describedAhead(name, found)));
  const { lines } = lookedAt(look, (service) =>
    imagesOf(look.config, service, services[service]!.image ?? '').flatMap((image) => found.get(image) ?? []),
  );
  const later = Object.entries(services).flatMap(([name, { image = '', build }]) => [
    ...(image === '' && build !== undefined ? [`what ${name} is built as`] : []),
    ...imagesOf(look.config, name, image).filter((one) => !found.has(one)),
  ]);
  if (later.length > 0)
    lines.push(
      `labels and variables of images that are not there yet (${listed([...new Set(later)], 3)}): looked at before anything starts`,
    );
  return lines;
}

async function describedAhead(image: string, found: Map<string, Described>): Promise<void> {
  try {
    const { code, stdout } = await readFromDocker(['image', 'inspect', image], process.env, aheadMs);
    if (code === 0) for (const one of JSON.parse(stdout) as Described[]) found.set(image, one);
  } catch {
    // Without docker, or with an answer that is none, it is looked at before the start.
  }
}
