import { environmentError, messageOf } from '../core/errors.ts';
import type { HostRules, Stack } from '../core/stack.ts';
import type { ComposeConfig } from './compose.ts';
import type { DrillSite } from './drill-site.ts';
import {
  attemptsIn,
  canClose,
  closedLayers,
  closedLine,
  closedNetworks,
  openLine,
  openNetworks,
  refusing,
  remoteLine,
  type ClosedNetwork,
} from './egress.ts';
import type { Layer, Moved } from './moved-shape.ts';
import { namesOfAddresses } from './region.ts';

/** How the way out of a stack was dealt with. */
export interface WayOut {
  /** Over the networks of the compose file. */
  layers: Readonly<Record<string, Layer>>;
  line: string;
  outwardAttempts?: Stack['outwardAttempts'];
}

/**
 * Closes the way out of all networks, unless the strategy opens it. What refuses and lists is a container of
 * Muster's own, which starts beside the services: until it is there, and where it cannot be, nothing goes out
 * all the same.
 */
export async function closeWayOut(
  site: Omit<DrillSite, 'deploy'>,
  { config, moved, egress }: { config: ComposeConfig; moved: Moved } & Pick<HostRules, 'egress'>,
  project: string,
): Promise<WayOut> {
  if (egress === 'open') return { layers: {}, line: openLine };
  if (!canClose(site.runtime)) return { layers: {}, line: remoteLine };
  const closed = await closedNetworks({ ...site, project }, openNetworks(config, moved));
  return {
    layers: closedLayers(closed),
    line: closedLine,
    ...(closed.size > 0 ? { outwardAttempts: listing(site, [...closed.values()]) } : {}),
  };
}

function listing(
  site: Omit<DrillSite, 'deploy'>,
  closed: readonly ClosedNetwork[],
): WayOut['outwardAttempts'] {
  const gateways = closed.map(({ gateway }) => gateway);
  const networks = closed.map(({ name }) => name);
  const refuser = site.network.standIn(networks, [], 'the way out', { rules: refusing, gateways });
  const started = refuser.then(async (one) => {
    await one.start();
    return one;
  });
  started.catch(() => undefined);
  return async () => {
    const shell = await started;
    const { code, stdout, stderr } = await shell.exec(
      ['nft', '-j', 'list', 'set', 'ip', 'muster', 'attempts'],
      {
        deadlineMs: 30_000,
      },
    );
    if (code !== 0)
      throw environmentError('what services sent beyond their own networks is not known', {
        found: stderr.trim() || `code ${code}`,
      });
    try {
      return attemptsIn(stdout, await namesOfAddresses(site));
    } catch (error) {
      throw environmentError('what nft lists cannot be read', { found: messageOf(error), cause: error });
    }
  };
}
