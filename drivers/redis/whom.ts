import { messageOf } from '../../core/errors.ts';
import type { Info } from './info.ts';
import { port } from './config.ts';
import { attachedPeers, leads, lookAt, nameOf, peerAt, type Peer, type Place } from './peers.ts';
import type { OtherServer, RedisSite } from './site.ts';

/** What a server says of whom it follows. */
export interface Following {
  isReplica: boolean;
  role: string;
  /** As it was told. */
  source: Place;
  link: string;
  receiving: boolean;
  history: string;
  offset: number;
}

export const followingOf = (info: Info): Following => ({
  isReplica: info['role'] === 'slave',
  role: info['role'] ?? '',
  source: { host: info['master_host'] ?? '', port: Number(info['master_port']) },
  link: info['master_link_status'] ?? 'none',
  receiving: info['master_sync_in_progress'] === '1',
  history: info['master_replid'] ?? '',
  offset: Number(info['slave_repl_offset']),
});

/** Whom a replica followed right before the fault. */
export interface Before {
  source: Place;
  /** That one, or whose history it had; null where it is not attached. */
  attached: OtherServer | null;
  /** Those by whose way in clients came to it. */
  ways: readonly OtherServer[];
  /** What the drill had told it to follow by then. */
  told: string | null;
}

/** Those that a replica may be meant to follow, of which each that can be asked now. */
export interface Around {
  /**
   * Where clients of its source are known to be: by a way in that the strategy names, or by the drill's own
   * load.
   */
  clients: Peer | null;
  /** Whose data it says that it gets. */
  present: Peer | null;
  /** Whom it followed, or was told to follow since. */
  before: Peer | null;
  /** That is another one than it follows now, by what both say, or by name where one cannot be asked. */
  moved: boolean;
  /** Why what it follows now cannot be asked. */
  why: string;
}

export async function beforeOf(site: RedisSite, now: Following): Promise<Before> {
  const { source } = now;
  const primary = (await attachedPeers(site)).find((one) => leads(one, now.history));
  const followed = primary ?? (await peerAt(site, source).catch(() => null));
  const attached = site.others().find((one) => one.site.service.name === followed?.name) ?? null;
  const ways: OtherServer[] = [];
  for (const one of site.others()) {
    const there = one === attached ? followed : await atWayIn(one);
    if (there !== null && there.runId === followed?.runId) ways.push(one);
  }
  return { source, attached, ways, told: site.replicaState.source };
}

/**
 * The primary to which the way in of clients leads; null where none is known, or it takes no writes. One that
 * was just cut is waited for.
 */
async function atWayIn({ own, asClients, clientsCome }: OtherServer): Promise<Peer | null> {
  const found = clientsCome() ? await lookAt('', own, asClients).catch(() => null) : null;
  return found?.isPrimary && found.takesWrites ? found : null;
}

export async function around(self: OtherServer, now: Following, before: Before): Promise<Around> {
  const { site } = self;
  const attached = await attachedPeers(site);
  const told = site.replicaState.source === before.told ? null : site.replicaState.source;
  const clients = await clientsOf(self, attached, [
    ...before.ways,
    site.others().find((one) => one.site.service.name === told) ?? null,
  ]);
  const known = [...(clients ? [clients] : []), ...attached].find((one) => leads(one, now.history));
  let why = '';
  const refused = (error: unknown): null => {
    why = messageOf(error);
    return null;
  };
  const reached = known ?? (await peerAt(site, now.source).catch(refused));
  const present = now.link !== 'up' || reached?.history === now.history ? reached : null;
  if (reached !== present) why = `${reached!.name} has another history`;
  const meant = told === null ? before.source : { host: told, port };
  const former = await formerOf(site, before, told === null ? null : meant, attached);
  return { clients, present, before: former, moved: isMoved(now.source, meant, present, former), why };
}

const isMoved = (now: Place, meant: Place, present: Peer | null, former: Peer | null): boolean =>
  present && former ? present.runId !== former.runId : nameOf(now) !== nameOf(meant);

async function formerOf(
  site: RedisSite,
  before: Before,
  told: Place | null,
  attached: readonly Peer[],
): Promise<Peer | null> {
  if (told !== null) return peerAt(site, told).catch(() => null);
  const name = before.attached?.site.service.name;
  const known = attached.find((one) => one.name === name);
  return known ?? peerAt(site, before.source).catch(() => null);
}

/** The primary that takes writes where clients of one of these come; null where that is not known. */
async function clientsOf(
  self: OtherServer,
  attached: readonly Peer[],
  ways: readonly (OtherServer | null)[],
): Promise<Peer | null> {
  const own = await self.site.server.info('server');
  for (const one of [self, ...ways]) {
    const found = one && (await atWayIn(one));
    if (!found || found.runId === own['run_id']) continue;
    const known = attached.find(({ runId }) => runId === found.runId);
    return known ?? { ...found, name: `what clients of ${one.site.component} use`, address: one.byClients };
  }
  return null;
}

/** In words: `redis`, or with the port where that is another one. */
export const sourceName = ({ source }: Pick<Following, 'source'>): string => nameOf(source);
