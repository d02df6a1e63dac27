import { createHash } from 'node:crypto';
import { listed, othersIn } from './acted-on.ts';
import type { ComposeConfig } from './compose.ts';
import type { Layer } from './moved-shape.ts';
import { removed, replaced } from './override-file.ts';
import { asImageLabels } from './owner.ts';

/** What the services of a drill run from where Compose builds it, or has it already. */
export interface Builds {
  /** By service: its image, which bears a name of the drill's own and goes with it. */
  own: Readonly<Record<string, string>>;
  /** By service: what is laid over the compose file. */
  layers: Readonly<Record<string, Layer>>;
}

/** As the compose files declare it; a build as Compose resolves it. */
export interface Build {
  context?: string;
  dockerfile?: string;
  dockerfile_inline?: string;
  args?: Record<string, string | null>;
  additional_contexts?: Record<string, string>;
  labels?: Record<string, string>;
  tags?: string[];
  cache_to?: string[];
  pull?: boolean;
  network?: string;
}

interface Naming {
  project: string;
  labels: Readonly<Record<string, string>>;
  /** Images that the engine has, by the names in the compose files. */
  present: ReadonlySet<string>;
  /** Services whose image the engine has for another platform than theirs alone. Default: none. */
  ofOther?: ReadonlyMap<string, string>;
  /** Services whose image nobody else may run from. */
  alone: readonly string[];
}

/**
 * No name of the user's is made, moved or pulled where his files build it: what the engine has is used as it
 * is, anything else is built under a name of the drill's own. `all`: with the services that the drill leaves
 * out, which may build what one of `config` runs from.
 */
export function buildsOf(config: ComposeConfig, all: ComposeConfig, naming: Naming): Builds {
  const { project, labels, present, alone, ofOther } = naming;
  const own: Record<string, string> = {};
  const layers: Record<string, Layer> = {};
  const contexts = contextsIn(config, present);
  const isThere = (of: string, image: string | undefined): boolean =>
    image !== undefined && present.has(image) && !ofOther?.has(of);
  for (const [name, { image, build }] of Object.entries(config.services)) {
    if (isThere(name, image) && !contexts.has(name)) {
      layers[name] = { pull_policy: 'never', ...(build === undefined ? {} : { build: removed }) };
      continue;
    }
    const maker = build === undefined ? makerOf(all, image) : name;
    if (maker === undefined) continue;
    const isBuilt = maker in config.services && !isThere(maker, all.services[maker]!.image);
    const shared = maker !== name && isBuilt && ![name, maker].some((one) => alone.includes(one));
    const declared = maker === name ? {} : (all.services[maker]!.build as Build);
    own[name] = ownName(project, shared ? maker : name);
    layers[name] = {
      image: own[name],
      // Of all but `build` the one by which Compose builds what is not there and never pulls.
      pull_policy: 'never',
      ...(shared ? {} : { build: ownBuild(declared, labels) }),
    };
  }
  return { own, layers };
}

/**
 * Services that others are built with (`additional_contexts: { base: "service:base" }`): Compose builds those
 * first, whatever the engine has of them, and refuses one without a build.
 */
function contextsIn({ services }: ComposeConfig, present: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  const look = (name: string): void => {
    for (const of of contextServices(services[name]?.build)) {
      if (found.has(of)) continue;
      found.add(of);
      look(of);
    }
  };
  for (const [name, { image, build }] of Object.entries(services))
    if (build !== undefined && !present.has(image ?? '')) look(name);
  return found;
}

/** Names of the services whose images a build is given. */
export const contextServices = (build: unknown): string[] =>
  Object.values((build as Build | undefined)?.additional_contexts ?? {}).flatMap(
    (value) => /^service:(.+)$/.exec(value)?.[1] ?? [],
  );

/**
 * Without what it would leave elsewhere, without moving the names of images that it stands on, and without
 * labels of the user's: a container has those of its image, and other programs act on such.
 */
const ownBuild = (declared: Build, labels: Readonly<Record<string, string>>): Layer => ({
  ...declared,
  labels: replaced(asImageLabels(labels)),
  tags: replaced([]),
  cache_to: replaced([]),
  pull: false,
});

/** Names that Compose gives to what a service is built as, beside its own for one without any. */
export const namesOf = ({ image, build }: ComposeConfig['services'][string]): string[] =>
  build === undefined ? [] : [...(image === undefined ? [] : [image]), ...((build as Build).tags ?? [])];

/** The service that builds the image of that name. */
export const makerOf = ({ services }: ComposeConfig, image: string | undefined): string | undefined =>
  image === undefined
    ? undefined
    : Object.entries(services).find(([, other]) =>
        namesOf(other).some((name) => fullName(name) === fullName(image)),
      )?.[0];

/** As the engine completes it: `docker.io/library/shop` and `shop` are `shop:latest`. */
export const fullName = (image: string): string => {
  const short = image.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
  return /[:@][^/]*$/.test(short) ? short : `${short}:latest`;
};

/** A service may have a name that no image can have. */
const ownName = (project: string, service: string): string => {
  const isName = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/.test(service);
  const digest = (): string => createHash('sha256').update(service).digest('hex').slice(0, 12);
  return `${project}-${isName ? service : digest()}:latest`;
};

/** For who reads the plan, which does not ask the engine what it has. */
export function buildLines({ services }: ComposeConfig): string[] {
  const lines: string[] = [];
  const withWayOut: string[] = [];
  for (const [name, { image, build }] of Object.entries(services)) {
    if (build === undefined) {
      const maker = makerOf({ services }, image);
      if (maker !== undefined)
        lines.push(
          `image ${image} of ${name}: as it is where the engine has it, else what ${maker} is built as`,
        );
      continue;
    }
    const { tags = [], cache_to: cacheTo = [], pull, network, labels } = build as Build;
    if (image !== undefined)
      lines.push(
        `image ${image} of ${name}: as it is where the engine has it, else built under a name of the drill's own instead`,
      );
    if (tags.length > 0) lines.push(`tags of the build of ${name}: left out (${tags.join(', ')})`);
    if (cacheTo.length > 0)
      lines.push(`cache_to of the build of ${name}: left out, it writes to what is not the drill's`);
    const others = othersIn(labels);
    if (others.length > 0)
      lines.push(
        `labels of the build of ${name}: left out, other programs act on such (${listed(others, 3)})`,
      );
    if (pull) lines.push(`pull of the build of ${name}: left out, it moves names of images`);
    if (network !== 'none') withWayOut.push(name);
  }
  if (withWayOut.length > 0)
    lines.push(
      `RUN steps where ${withWayOut.join(', ')} is built: they have a way out, which a drill closes for containers only`,
    );
  return lines;
}

/** What merged builds would leave elsewhere, by service: none where all is the drill's own. */
export function leftElsewhere({ services }: ComposeConfig, project: string): [string, string][] {
  const found: [string, string][] = [];
  for (const [name, { image, build }] of Object.entries(services)) {
    if (build === undefined) continue;
    const { tags = [], cache_to: cacheTo = [], pull } = build as Build;
    if (!image?.startsWith(`${project}-`))
      found.push([name, `a build of image ${image ?? 'without a name'}`]);
    if (tags.length > 0) found.push([name, `a build with tag ${tags[0]}`]);
    if (cacheTo.length > 0) found.push([name, `a build with cache_to ${cacheTo[0]}`]);
    if (pull) found.push([name, 'a build that pulls what it stands on']);
  }
  return found;
}
