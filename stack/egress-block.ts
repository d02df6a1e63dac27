import { environmentError } from '../core/errors.ts';
import type { HostRules, Stack } from '../core/stack.ts';
import type { ComposeConfig } from './compose.ts';
import type { DrillSite } from './drill-site.ts';
import {
  answeringNames,
  askedFile,
  attemptsIn,
  canClose,
  closedLayers,
  closedLine,
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
  outwardAttempts?: Stack['outwardAttempts'];
}

/**
 * Closes the way out of all networks, unless the strategy opens it. What refuses and lists is a container of
 * Muster's own, which starts before the services: where it cannot be, nothing goes out all the same.
 */
export async function blockEgress(
  site: Omit<DrillSite, 'deploy'>,
  { config, moved, rules }: { config: ComposeConfig; moved: Moved; rules: HostRules },
  project: string,
): Promise<BlockedEgress> {
  if (rules.egress !== 'closed') return { layers: {}, line: openLine };
  if (!canClose(site.runtime)) {
    refuseHurried(config, rules);
    return { layers: {}, line: remoteLine };
  }
  const closed = await closedNetworks({ ...site, project }, openNetworks(config, moved));
  return {
    layers: closedLayers(closed),
    line: closedLine,
    ...(closed.size > 0 ? { outwardAttempts: await listing(site, [...closed.values()]) } : {}),
  };
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

async function listing(
  site: Omit<DrillSite, 'deploy'>,
  closed: readonly ClosedNetwork[],
): Promise<BlockedEgress['outwardAttempts']> {
  const gateways = closed.map(({ gateway }) => gateway);
  const networks = closed.map(({ name }) => name);
  const answering = { rules: refusing, gateways, run: answeringNames };
  const started = site.network.standIn(networks, [], 'the way out', answering).then(async (one) => {
    await one.start();
    return one;
  });
  // Before any service: a name that nobody has yet is asked for as they start.
  await started.catch(() => undefined);
  const said = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await (await started).exec(argv, { deadlineMs: 30_000 });
    if (code === 0) return stdout;
    throw environmentError('what services sent beyond their own networks is not known', {
      found: stderr.trim() || `code ${code}`,
    });
  };
  return async () => {
    const names = await namesOfAddresses(site);
    const sent = await said('nft', '-j', 'list', 'set', 'ip', 'muster', 'attempts');
    return [...attemptsIn(sent, names), ...namesIn(await said('cat', askedFile), names)];
  };
}
