import { environmentError } from '../core/errors.ts';
import type { ConnectionTry } from '../core/service.ts';
import type { AimedLoss, ConnectionAttempt, LostRegion } from '../core/stack.ts';
import { blackhole } from './blackhole.ts';
import { tryConnectionAt } from './try-connection.ts';
import { containersWith } from './own-containers.ts';
import { labels, regionLabel } from './owner.ts';
import { ownNetworkOf, type Inspection } from './runtime.ts';
import { refusingStandIn } from './refusing-stand-in.ts';
import type { Member, LostMember } from './lost-member.ts';
import type { DrillSite } from './drill-site.ts';

const serviceLabel = 'com.docker.compose.service';

/** See Stack.aimAtRegion: everything of the drill that is labelled with the region and runs. */
export async function aimAtRegion(
  site: DrillSite,
  region: string,
  how: 'dead' | 'blackhole',
): Promise<AimedLoss> {
  const members = await membersOf(site, region);
  const neighbours = await addressesOfNeighbours(site, members);
  const named = await namesOfAddresses(site);
  const aimed = await allOrNone(
    members.map((member) => (how === 'dead' ? refusingStandIn(site, member) : blackhole(site, member))),
    (one) => one.release(),
  );
  return {
    strike: async () => {
      const lost = await allOrNone(
        aimed.map((one) => one.strike()),
        (one) => one.giveBack(),
      ).catch(async (error: unknown) => {
        await Promise.allSettled(aimed.map((one) => one.release()));
        throw error;
      });
      return lostRegion(site, { region, members, lost, neighbours, named });
    },
  };
}

interface ContainersLost {
  region: string;
  members: readonly Member[];
  lost: readonly LostMember[];
  neighbours: ReadonlySet<string>;
  named: ReadonlyMap<string, string>;
}

function lostRegion(
  site: DrillSite,
  { region, members, lost, neighbours, named }: ContainersLost,
): LostRegion {
  return {
    tryConnection: async (service, port, options): Promise<ConnectionTry> => {
      const member = members.find((one) => one.name === service);
      if (!member) throw environmentError(`${service} is not in region ${region}`);
      return tryConnectionAt(
        site.network.on,
        { network: networkOf(member.found), host: service },
        port,
        options,
      );
    },
    inPlace: async () => (await Promise.all(lost.map((one) => one.inPlace()))).every((there) => there),
    connectionAttempts: async () => {
      const counted = await Promise.all(
        lost.map(async (one) => (await one.counted()).map((each) => ({ ...each, service: one.name }))),
      );
      const now = await namesOfAddresses(site);
      const nameOf = (address: string): string => named.get(address) ?? now.get(address) ?? address;
      return counted
        .flat()
        .filter(({ address }) => !neighbours.has(address))
        .map(({ address, ...one }): ConnectionAttempt => ({ from: nameOf(address), ...one }));
    },
    giveBack: async () => void (await Promise.all(lost.map((one) => one.giveBack()))),
  };
}

async function membersOf({ runtime, drill }: DrillSite, region: string): Promise<Member[]> {
  const docker = runtime.container.dockerode;
  const there = await containersWith(docker, [`${labels.drill}=${drill}`, `${regionLabel}=${region}`]);
  const members = await Promise.all(
    there
      .filter((each) => each.Labels[serviceLabel])
      .map(async (each) => {
        const container = docker.getContainer(each.Id);
        return { name: each.Labels[serviceLabel]!, container, found: await container.inspect() };
      }),
  );
  if (members.length > 0) return members;
  throw environmentError(`nothing runs in region ${region}`, {
    expected: `running containers with the label ${regionLabel}: ${region}`,
  });
}

const networkOf = (found: Inspection): string => ownNetworkOf(found) ?? 'none';

/** Whoever tries a connection for a witness is no part of the recovery. */
async function addressesOfNeighbours(
  { network }: DrillSite,
  members: readonly Member[],
): Promise<Set<string>> {
  const networks = new Set(members.map(({ found }) => networkOf(found)));
  const said = await Promise.all(
    [...networks].map(async (one) =>
      (await (await network.on(one)).exec(['hostname', '-I'])).stdout.trim().split(/\s+/),
    ),
  );
  return new Set(said.flat());
}

const thisMachine = 'this machine, by a published port';

/**
 * Who has which address on the networks of the drill: services by name, Muster's own helpers, and this
 * machine by way of published ports.
 */
export async function namesOfAddresses({
  runtime,
  drill,
}: Pick<DrillSite, 'runtime' | 'drill'>): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const each of await containersWith(runtime.container.dockerode, [`${labels.drill}=${drill}`])) {
    for (const { IPAddress, GlobalIPv6Address, Gateway } of Object.values(each.NetworkSettings.Networks)) {
      for (const address of [IPAddress, GlobalIPv6Address])
        if (address) names.set(address, each.Labels[serviceLabel] ?? 'a helper of Muster');
      if (Gateway) names.set(Gateway, thisMachine);
    }
  }
  // Where the way out is closed, the default gateway of containers is not the machine.
  for (const { IPAM } of await runtime.container.dockerode.listNetworks({
    filters: { label: [`${labels.drill}=${drill}`] },
  }))
    for (const { Gateway } of IPAM?.Config ?? []) if (Gateway) names.set(Gateway, thisMachine);
  return names;
}

/** All of them, or none: what did not fail is taken back before the first failure is raised. */
async function allOrNone<T>(work: Promise<T>[], back: (done: T) => Promise<void>): Promise<T[]> {
  const outcomes = await Promise.allSettled(work);
  const done = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = outcomes.find((one) => one.status === 'rejected');
  if (!failed) return done;
  await Promise.allSettled(done.map(back));
  throw failed.reason;
}
