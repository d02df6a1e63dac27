import { messageOf } from '../../core/errors.ts';
import { attachedPeers, leads, nameOf, type Peer } from './peers.ts';
import { takesWrites } from './server.ts';
import type { OtherServer, ReplicaState } from './site.ts';
import type { Doubt } from './standing.ts';
import { clientsOf, formerOf, meantBy, type Before } from './whom.ts';

/** A server that was a replica, and is a primary by itself now. */
export interface Alone {
  state: Pick<ReplicaState, 'role' | 'servesByStep'>;
  takesWrites: boolean;
  /** The primary that takes writes where clients of its source are known to be; `here`: at this one. */
  clients: Peer | 'here' | null;
  /** Another primary that takes writes, and is its source, or whom that follows, or took over from it. */
  rival: Peer | null;
  /** Why it is not known who serves what its source served; null where it is, or that one serves nobody. */
  unclear: string | null;
  /** Where clients are is known, or its source answered: it is not silent because it has just restarted. */
  isSure: boolean;
}

export async function aloneOf(self: OtherServer, before: Before): Promise<Alone> {
  const { server, replicaState: state } = self.site;
  const attached = await attachedPeers(self.site);
  const [{ run_id: own }, place] = await Promise.all([server.info('server'), server.info('replication')]);
  const others = attached.filter(({ runId }) => runId !== own);
  const { former, unasked } = await askFormer(self, before, others);
  const follows = former?.isPrimary === false && former.history !== place['master_replid'];
  const rivals = [former, ...others.filter((one) => succeeds(one, former, before))];
  const clients = await clientsOf(self, attached, before);
  return {
    state: { ...state },
    takesWrites: await takesWrites(server),
    clients,
    isSure: clients !== null || former !== null,
    rival: rivals.find((one) => one?.isPrimary && one.takesWrites && one.runId !== own) ?? null,
    unclear: follows ? `${former.name} follows another one` : unasked,
  };
}

/** Has the data that the source had: it is whom that one follows, or was a replica of it and was promoted. */
const succeeds = (one: Peer, former: Peer | null, before: Before): boolean =>
  (former !== null && leads(one, former.history)) || one.historyBefore === before.history;

interface Asked {
  former: Peer | null;
  unasked: string | null;
}

/** One that was asked before, and cannot be asked now, serves nobody. */
async function askFormer({ site }: OtherServer, before: Before, attached: readonly Peer[]): Promise<Asked> {
  const { told, meant } = meantBy(site, before);
  try {
    const former = await formerOf(site, before, told === null ? null : meant, attached);
    return { former, unasked: null };
  } catch (error) {
    if (told !== null || before.asked) return { former: null, unasked: null };
    const service = before.service === null ? null : await site.named(before.service);
    const isOff = service !== null && (await service.state()).status !== 'running';
    return { former: null, unasked: isOff ? null : `${nameOf(meant)} cannot be asked: ${messageOf(error)}` };
  }
}

/**
 * Why it is of no use: it forgot its source, and clients write to another one. Null where it took over, or
 * nothing is expected of it. One that a step of the drill promoted has not forgotten anything.
 */
export function doubtOfAlone({ state, takesWrites: takes, clients, rival, unclear }: Alone): Doubt | null {
  const gone = 'it is a replica no more';
  if (state.role === 'fenced') return null;
  if (state.role === 'replica' && !takes) return { kind: 'fails', why: `${gone}, and takes no writes` };
  if (clients === 'here') return null;
  if (clients !== null)
    return {
      kind: state.servesByStep ? 'unsure' : 'fails',
      why: `${gone}, and ${clients.name}, where clients are, takes writes`,
    };
  if (state.servesByStep) return null;
  if (rival !== null)
    return {
      kind: 'unsure',
      why: `${gone}, and ${rival.name} takes writes as well: where clients are is not known`,
    };
  return unclear === null ? null : { kind: 'unsure', why: `${gone}, and ${unclear}` };
}
