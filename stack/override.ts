import { buildsOf, type Builds } from './builds.ts';
import type { ComposeConfig, ComposeRun } from './compose.ts';
import { overImage } from './image-marks.ts';
import type { Layer, Moved, MovedService, Neutral } from './moved-shape.ts';
import { Replaced, removed, replaced } from './override-file.ts';

/**
 * A second compose file that goes over the user's own: labels on everything, and names of this project, free
 * ports and networks of its own for whatever is fixed or shared, so that no drill ever meets what something
 * else uses. `images`: services that run from another image.
 */
export function overrideOf(
  config: ComposeConfig,
  { labels, project }: Pick<ComposeRun, 'labels' | 'project'>,
  moved: Moved,
  images: Readonly<Record<string, string>> = {},
  laid: Laid = nothingLaid,
): object {
  const nothingPresent = { project, labels, present: new Set<string>(), alone: [] };
  const { layers } = laid.builds ?? buildsOf(config, config, nothingPresent);
  const services = Object.fromEntries(
    Object.entries(config.services).map(([name, declared]) => [
      name,
      {
        ...moved.services[name],
        ...addressed(laid.addresses?.[name], moved.services[name], declared),
        ...overImage(moved.services[name], laid.neutral?.[name]),
        ...(images[name] ? thatImage(images[name]) : (layers[name] ?? pulledOnce(declared))),
        ...mountsOf(laid, name),
      },
    ]),
  );
  return {
    services,
    volumes: { ...moved.volumes, ...laid.volumes },
    networks: { default: { labels }, ...moved.networks, ...laid.networks },
  };
}

const thatImage = (image: string): Layer => ({ image, pull_policy: 'never', build: removed });

/** A pull or a build at every start would give the user's own tag to another image. */
const pulledOnce = ({ pull_policy: policy }: ComposeConfig['services'][string]): object =>
  policy === undefined || policy === 'never' || policy === 'missing' || policy === 'if_not_present'
    ? {}
    : { pull_policy: 'missing' };

/** With the addresses that it is known by where it may reach something. */
function addressed(
  fixed: Readonly<Record<string, string>> | undefined,
  layer: Layer | undefined,
  declared: ComposeConfig['services'][string],
): object {
  if (!fixed || Object.keys(fixed).length === 0) return {};
  const moved = layer?.['networks'];
  const own = moved instanceof Replaced ? moved.value : (declared as MovedService).networks;
  const networks = (own ?? {}) as Record<string, object | null>;
  return {
    networks: replaced(
      Object.fromEntries(
        Object.entries(networks).map(([key, one]) => [
          key,
          { ...one, ...(fixed[key] ? { ipv4_address: fixed[key] } : {}) },
        ]),
      ),
    ),
  };
}

const mountsOf = ({ services }: Laid, name: string): object =>
  services[name] ? { volumes: services[name] } : {};

/**
 * Mounts that are laid over those of the compose file, by service, and the volumes that they are of. Compose
 * merges them by target.
 */
export interface Laid {
  services: Readonly<Record<string, object[]>>;
  volumes: Readonly<Record<string, object>>;
  /** Default: as where the engine has none of the images that are built. */
  builds?: Builds;
  /** By service: what is laid over labels and variables of its image. */
  neutral?: Readonly<Record<string, Neutral>>;
  /** Networks that are there already, by key. */
  networks: Readonly<Record<string, Layer>>;
  /** By service and network: the address that it has there. Default: whichever is free. */
  addresses?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
export const nothingLaid: Laid = { services: {}, volumes: {}, networks: {} };
