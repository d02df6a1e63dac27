import { environmentError } from '../core/errors.ts';
import type { HostRules, OutwardAttempt, Stack } from '../core/stack.ts';
import type { ComposeConfig } from './compose.ts';
import type { DrillSite } from './drill-site.ts';
import {
  answeringNames,
  askedFile,
  attemptsIn,
  canClose,
  closedLayers,
  closedLineOf,
  closedNetworks,
  namesIn,
  openLine,
  openNetworks,
  refusing,
  remoteLine,
  type ClosedNetwork,
} from './egress.ts';
import type { Layer, Moved } from './moved-shape.ts';
import { namesOfAddresses } from './region.ts';

/** How the way out of a stack was dealt with. */
export interface BlockedEgress {
  /** Over the networks of the compose file. */
  layers: Readonly<Record<string, Layer>>;
  line: string;
  /** Until it settles no service may be started. Rejects where the networks cannot be made. */
  closed: Promise<void>;
  outwardAttempts?: Stack['outwardAttempts'];
}

const nothingToDo = Promise.resolve();

/**
 * Closes the way out of all networks, unless the strategy opens it. What refuses and lists is a container of
 * Muster's own, which starts before the services: where it cannot be, nothing goes out all the same.
 */
export function blockEgress(
  site: Omit<DrillSite, 'deploy'>,
  { config, moved, rules }: { config: ComposeConfig; moved: Moved; rules: HostRules },
  project: string,
): BlockedEgress {
  if (rules.egress !== 'closed') return { layers: {}, line: openLine, closed: nothingToDo };
  if (!canClose(site.runtime)) {
    refuseHurried(config, rules);
    return { layers: {}, line: remoteLine, closed: nothingToDo };
  }
  const open = openNetworks(config, moved);
  if (open.size === 0) return { layers: {}, line: closedLineOf(config), closed: nothingToDo };
  const networks = closedNetworks({ ...site, project }, open);
  const { ready, outwardAttempts } = listing(site, networks);
  // Before any service: a name that nobody has yet is asked for as they start.
  const closed = networks.then(() => ready);
  // Told by whoever waits for it.
  closed.catch(() => undefined);
  return { layers: closedLayers(project, open.keys()), line: closedLineOf(config), closed, outwardAttempts };
}

/** What is made to run more often than its owner had it must not do so where it reaches what is theirs. */
export function refuseHurried({ services }: ComposeConfig, { environment = {} }: HostRules): void {
  const hurried = Object.keys(environment).find((name) => Object.hasOwn(services, name));
  if (hurried === undefined) return;
  throw environmentError(`${hurried} could write to, and remove from, where your own backups lie`, {
    found: remoteLine,
    expected: 'an engine on this machine, or no schedule of its own in a drill (options.follow.schedule)',
  });
}

/** `ready` settles when the container that refuses runs, or cannot. */
function listing(
  site: Omit<DrillSite, 'deploy'>,
  making: Promise<ReadonlyMap<string, ClosedNetwork>>,
): { ready: Promise<void>; outwardAttempts: NonNullable<Stack['outwardAttempts']> } {
  const started = making.then(async (made) => {
    const closed = [...made.values()];
    const gateways = closed.map(({ gateway }) => gateway);
    const networks = closed.map(({ name }) => name);
    const answering = { rules: refusing, gateways, run: answeringNames };
    const one = await site.network.standIn(networks, [], 'the way out', answering);
    await one.start();
    return one;
  });
  const ready = started.then(
    () => undefined,
    () => undefined,
  );
  const said = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await (await started).exec(argv, { deadlineMs: 30_000 });
    if (code === 0) return stdout;
    throw environmentError('what services sent beyond their own networks is not known', {
      found: stderr.trim() || `code ${code}`,
    });
  };
  const outwardAttempts = async (): Promise<OutwardAttempt[]> => {
    const [names, sent, asked] = await Promise.all([
      namesOfAddresses(site),
      said('nft', '-j', 'list', 'set', 'ip', 'muster', 'attempts'),
      said('cat', askedFile),
    ]);
    return [...attemptsIn(sent, names), ...namesIn(asked, names)];
  };
  return { ready, outwardAttempts };
}
