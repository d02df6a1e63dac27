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
  /** Its service; null where none is known. */
  service: string | null;
  /** It could be asked then: where it cannot be since, it serves nobody. */
  asked: boolean;
  history: string;
  /** That one, or whose history it had; null where it is not attached. */
  attached: OtherServer | null;
  /** Those by whose way in clients came to it; the replica itself may be one. */
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

export async function beforeOf(self: OtherServer, now: Following): Promise<Before> {
  const { site } = self;
  const { source, history } = now;
  const primary = (await attachedPeers(site)).find((one) => leads(one, now.history));
  const followed = primary ?? (await peerAt(site, source).catch(() => null));
  const attached = site.others().find((one) => one.site.service.name === followed?.name) ?? null;
  const ways: OtherServer[] = [];
  for (const one of [...site.others(), self]) {
    const there = one === attached ? followed : await atWayIn(one);
    if (there !== null && there.runId === followed?.runId) ways.push(one);
  }
  const service = (await site.named(source.host))?.name ?? null;
  const asked = followed !== null;
  return { source, service, asked, history, attached, ways, told: site.replicaState.source };
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
  const { told, meant } = meantBy(site, before);
  const found = await clientsOf(self, attached, before);
  const clients = found === 'here' ? null : found;
  const known = [...(clients ? [clients] : []), ...attached].find((one) => leads(one, now.history));
  let why = '';
  const refused = (error: unknown): null => {
    why = messageOf(error);
    return null;
  };
  const reached = known ?? (await peerAt(site, now.source).catch(refused));
  const present = now.link !== 'up' || reached?.history === now.history ? reached : null;
  if (reached !== present) why = `${reached!.name} has another history`;
  const former = await formerOf(site, before, told === null ? null : meant, attached).catch(() => null);
  return { clients, present, before: former, moved: isMoved(now.source, meant, present, former), why };
}

/** Whom a replica should follow, as far as is known: as right before the fault, or as it was told since. */
export function meantBy(site: RedisSite, before: Before): { told: string | null; meant: Place } {
  const { source: last } = site.replicaState;
  return last === null || last === before.told
    ? { told: null, meant: before.source }
    : { told: last, meant: { host: last, port } };
}

const isMoved = (now: Place, meant: Place, present: Peer | null, former: Peer | null): boolean =>
  present && former ? present.runId !== former.runId : nameOf(now) !== nameOf(meant);

/**
 * Whom it followed, or was told to since; by its service, where that is known: one that restarted may have
 * another address. Rejects where it cannot be asked.
 */
export async function formerOf(
  site: RedisSite,
  before: Before,
  told: Place | null,
  attached: readonly Peer[],
): Promise<Peer> {
  if (told !== null) return peerAt(site, told);
  const name = before.attached?.site.service.name;
  const known = attached.find((one) => one.name === name);
  return known ?? peerAt(site, { ...before.source, host: before.service ?? before.source.host });
}

/**
 * The primary that takes writes where clients of its source come, by the ways of then and by this one's own;
 * null where that is not known. `here`: at this one. That its own way in leads to it says so only where that
 * led to its source before: else it is for readers.
 */
export async function clientsOf(
  self: OtherServer,
  attached: readonly Peer[],
  before: Before,
): Promise<Peer | 'here' | null> {
  const own = await self.site.server.info('server');
  const { told } = meantBy(self.site, before);
  const toldOne = self.site.others().find((one) => one.site.service.name === told);
  let isHere = false;
  for (const one of new Set([self, ...before.ways, ...(toldOne ? [toldOne] : [])])) {
    const found = await atWayIn(one);
    if (!found) continue;
    if (found.runId === own['run_id']) {
      isHere ||= one !== self || before.ways.includes(self);
      continue;
    }
    const known = attached.find(({ runId }) => runId === found.runId);
    return known ?? { ...found, name: `what clients of ${one.site.component} use`, address: one.byClients };
  }
  return isHere ? 'here' : null;
}

/** In words: `redis`, or with the port where that is another one. */
export const sourceName = ({ source }: Pick<Following, 'source'>): string => nameOf(source);
