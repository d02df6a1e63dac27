import { environmentError, inputError } from '../core/errors.ts';
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
  networkOf,
  openLine,
  openNetworks,
  refusing,
  refusing6,
  remoteLine,
  type ClosedNetwork,
} from './egress.ts';
import {
  fixedFor,
  lettingThrough,
  lineOf,
  lookedUp,
  type Exception,
  type Fixed,
  type Lookup,
} from './egress-exceptions.ts';
import type { Layer, Moved } from './moved-shape.ts';
import { namesOfAddresses } from './region.ts';

/** How the way out of a stack was dealt with. */
export interface BlockedEgress {
  /** Over the networks of the compose file. */
  layers: Readonly<Record<string, Layer>>;
  line: string;
  /** Until it settles no service may be started. Rejects where the networks cannot be made. */
  closed: Promise<void>;
  /** Addresses of services that may reach something by name, and what is said of those; null for none. */
  exceptions: Promise<{ fixed: Fixed; lines: string[] }> | null;
  outwardAttempts?: Stack['outwardAttempts'];
}

const untouched = { layers: {}, closed: Promise.resolve(), exceptions: null };

/**
 * Closes the way out of all networks, unless the strategy opens it. What refuses and lists is a container of
 * Muster's own, which starts before the services: where it cannot be, nothing goes out all the same.
 */
export function blockEgress(
  site: Omit<DrillSite, 'deploy'>,
  { config, moved, rules }: { config: ComposeConfig; moved: Moved; rules: HostRules },
  project: string,
  lookup?: Lookup,
): BlockedEgress {
  if (rules.egress !== 'closed') return { ...untouched, line: openLine };
  refuseFollowedOut(config, rules);
  if (!canClose(site.runtime)) {
    refuseHurried(config, rules);
    return { ...untouched, line: remoteLine };
  }
  const open = openNetworks(config, moved);
  if (open.size === 0) return { ...untouched, line: closedLineOf(config) };
  const networks = closedNetworks({ ...site, project }, open);
  const asked = lookedUp(config, rules.wayOut, lookup);
  const fixed = Promise.all([asked, networks]).then(([exceptions, made]) => ({
    exceptions,
    fixed: fixedFor(config, exceptions, made),
  }));
  const { ready, outwardAttempts } = listing(site, networks, fixed);
  // Before any service: a name that nobody has yet is asked for as they start.
  const closed = networks.then(() => ready);
  // Told by whoever waits for it.
  closed.catch(() => undefined);
  const hasExceptions = Object.keys(rules.wayOut ?? {}).length > 0;
  return {
    ...{ layers: closedLayers(project, open.keys()), line: closedLineOf(config), closed, outwardAttempts },
    exceptions: hasExceptions
      ? fixed.then((known) => ({
          fixed: known.fixed,
          lines: known.exceptions.map((one) => lineOf(one, known.fixed)),
        }))
      : null,
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

/**
 * Whoever makes backups that are followed runs as often as a drill needs, and removes what it thinks is old:
 * it must not reach what is its owner's by a network that is another service's, or none of the drill's. Input
 * error where it does.
 */
export function refuseFollowedOut(
  config: Pick<ComposeConfig, 'services'>,
  { followed = [], wayOut = {} }: Pick<HostRules, 'followed' | 'wayOut'>,
): void {
  for (const name of followed.filter((one) => Object.hasOwn(config.services, one))) {
    const { owner, mode, isOutside } = networkOf(config, name);
    const lent = owner === name ? '' : `, whose network ${name} has`;
    const found = isOutside
      ? `network_mode: ${mode} of ${owner}${lent}`
      : Object.hasOwn(wayOut, owner)
        ? `hosts that ${owner} may reach${lent}`
        : null;
    if (found !== null)
      throw inputError(
        'a backup that is followed could write to, and remove from, where your own backups lie',
        {
          found,
          expected: `${name} on networks of the drill alone, and a store in the stack where it needs one`,
        },
      );
  }
}

/** `ready` settles when the container that refuses runs, or cannot. */
function listing(
  site: Omit<DrillSite, 'deploy'>,
  making: Promise<ReadonlyMap<string, ClosedNetwork>>,
  letting: Promise<{ exceptions: Exception[]; fixed: Fixed }>,
): { ready: Promise<void>; outwardAttempts: NonNullable<Stack['outwardAttempts']> } {
  const started = Promise.all([making, letting]).then(async ([made, { exceptions, fixed }]) => {
    const closed = [...made.values()];
    const gateways = closed.flatMap(({ gateway, gateway6 }) => [gateway, ...(gateway6 ? [gateway6] : [])]);
    const networks = closed.map(({ name }) => name);
    const { through, known } = lettingThrough(exceptions, fixed);
    const wayOut = closed.find(({ bridge }) => bridge !== null)?.bridge;
    const has6 = closed.some(({ gateway6 }) => gateway6 !== null);
    const answering = {
      rules: `${refusing(through)}${has6 ? refusing6 : ''}`,
      gateways,
      run: answeringNames(known),
      ...(through.length > 0 && wayOut ? { wayOut } : {}),
    };
    const one = await site.network.standIn(networks, [], 'the way out', answering);
    await one.start();
    return { one, has6, exceptions };
  });
  const ready = started.then(
    () => undefined,
    () => undefined,
  );
  const said = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await (await started).one.exec(argv, { deadlineMs: 30_000 });
    if (code === 0) return stdout;
    throw environmentError('what services sent beyond their own networks is not known', {
      found: stderr.trim() || `code ${code}`,
    });
  };
  const outwardAttempts = async (): Promise<OutwardAttempt[]> => {
    const { has6, exceptions } = await started;
    const listed = (family: string): Promise<string> =>
      said('nft', '-j', 'list', 'set', family, 'muster', 'attempts');
    const [names, sent, sent6, asked] = await Promise.all([
      namesOfAddresses(site),
      listed('ip'),
      has6 ? listed('ip6') : null,
      said('cat', askedFile),
    ]);
    // Whoever asks is told of it; that only one may go there is seen by what is sent.
    const isKnown = (name: string): boolean =>
      exceptions.some(({ host, addresses }) => host === name && addresses.length > 0);
    const all = [...attemptsIn(sent, names), ...(sent6 === null ? [] : attemptsIn(sent6, names))];
    return [...all, ...namesIn(asked, names, isKnown)];
  };
  return { ready, outwardAttempts };
}
