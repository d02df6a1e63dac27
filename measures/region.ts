import type { Measure } from '../core/measure.ts';
import type { ConnectionAttempt, RegionAccess } from '../core/stack.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { formatCount } from '../core/units.ts';
import { finding, plural } from './finding.ts';

/** The longest list that a finding spells out. */
const listedMost = 12;

/** What reached a region that was gone, in words: something was read there, or could have been. */
const leaksOf = (attempts: readonly ConnectionAttempt[], accesses: readonly RegionAccess[]): string[] => [
  ...attempts.filter(({ outcome }) => outcome === 'accepted').map((one) => `${toldAttempt(one)}`),
  ...accesses
    .filter(({ kind, ok }) => kind === 'read' && ok > 0)
    .map(({ of, what, ok }) => `Muster: ${what} of ${of}, which worked ${times(ok)}`),
];

const times = (count: number): string => (count === 1 ? 'once' : `${formatCount(count)} times`);
const toldAttempt = ({ from, service, port, count, outcome }: ConnectionAttempt): string =>
  `${from} to ${service}:${port}, ${times(count)}, ${outcome}`;

/** What got nothing of it: tried in vain, put there although it should be gone, or fenced it from outside. */
const vainOf = (attempts: readonly ConnectionAttempt[], accesses: readonly RegionAccess[]): string[] => [
  ...attempts.filter(({ outcome }) => outcome !== 'accepted').map(toldAttempt),
  ...accesses
    .filter(({ kind, ok }) => kind === 'other' && ok > 0)
    .map(({ of, what, ok }) => `Muster: ${what} of ${of}, ${times(ok)}, and nothing was read`),
  ...accesses
    .filter(({ kind, failed }) => kind !== 'power' && failed > 0)
    .map(({ of, what, failed }) => `Muster: ${what} of ${of}, which failed ${times(failed)}`),
  ...accesses
    .filter(({ kind }) => kind === 'power')
    .map(({ of, what, ok, failed }) => `Muster: ${what} of ${of} from outside, ${times(ok + failed)}`),
];

const spelled = (parts: readonly string[]): string =>
  parts.length <= listedMost
    ? parts.join('; ')
    : `${parts.slice(0, listedMost).join('; ')}; and ${parts.length - listedMost} more`;

function judged(
  lost: TimelineEvent<'region.lost'>,
  connections: TimelineEvent<'region.connections'> | undefined,
  unwatched: readonly string[],
): { verdict: 'pass' | 'fail' | 'inconclusive'; actual: number | null; detail: string } {
  if (!connections)
    return {
      verdict: 'inconclusive',
      actual: null,
      detail: 'What reached for it while it was lost is not on the timeline.',
    };
  const { attempts, accesses, error } = connections.data;
  const [leaks, vain] = [leaksOf(attempts, accesses), vainOf(attempts, accesses)];
  if (leaks.length > 0)
    return {
      verdict: 'fail',
      actual: leaks.length,
      detail: `It was lost, and was reached all the same: ${spelled(leaks)}. What should be gone was used.`,
    };
  if (error !== undefined)
    return { verdict: 'inconclusive', actual: null, detail: `What reached it is not known: ${error}.` };
  if (unwatched.length > 0)
    return {
      verdict: 'inconclusive',
      actual: null,
      detail: `What commands on the host reached of it through the engine nobody saw: ${spelled(unwatched)}.`,
    };
  const were = vain.length === 1 ? 'was' : 'were';
  const tried =
    vain.length === 0
      ? 'Nothing reached for it'
      : `${plural(vain.length, 'way')} to it ${were} tried, none got anything of it: ${spelled(vain)}`;
  const gone = [...lost.data.services, ...lost.data.stores.map((store) => `store ${store}`)];
  return {
    verdict: 'pass',
    actual: 0,
    detail: `${tried}. Lost as ${lost.data.how}: ${gone.join(', ')}.`,
  };
}

/** Commands that ran on the host between two events: by the engine they get into any container. */
function onHostBetween(events: readonly TimelineEvent[], from: number, to: number): string[] {
  const endedAt = new Map(eventsOf(events, 'command.ended').map(({ seq, data }) => [data.id, seq]));
  return eventsOf(events, 'command.begun')
    .filter(({ data }) => data.in === 'host')
    .filter(({ seq, data }) => seq < to && (endedAt.get(data.id) ?? Infinity) > from)
    .map(({ data }) => data.command.join(' '));
}

export const region: Measure = {
  about: 'Nothing was read from a region while it was lost: every connection into it is listed',
  judge: ({ events }) =>
    eventsOf(events, 'region.lost').map((lost, index, all) => {
      const { region: name } = lost.data;
      // Lost again, it has a record of its own each time.
      const nextSeq = all.slice(index + 1).find(({ data }) => data.region === name)?.seq ?? Infinity;
      const within = <T extends { seq: number; data: { region: string } }>(one: T): boolean =>
        one.data.region === name && one.seq > lost.seq && one.seq < nextSeq;
      const told = eventsOf(events, 'region.connections').filter(within);
      const leaked = told.find(({ data }) => leaksOf(data.attempts, data.accesses).length > 0);
      const connections = leaked ?? told.at(-1);
      const returned = eventsOf(events, 'region.returned').find(within);
      return finding({
        id: `region/${name}`,
        title: `Nothing was used of region ${name} while it was lost`,
        ...judged(lost, connections, onHostBetween(events, lost.seq, connections?.seq ?? Infinity)),
        objective: 0,
        unit: 'count',
        gate: true,
        evidence: [lost, connections, returned].flatMap((one) => one?.seq ?? []),
      });
    }),
};
