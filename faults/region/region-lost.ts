import { z } from 'zod';
import type { ActiveFault } from '../../core/active-fault.ts';
import { environmentError } from '../../core/errors.ts';
import { defineRegionFault, type RegionTarget } from '../../core/fault.ts';
import type { ConnectionTry, Service } from '../../core/service.ts';
import type { LostRegion } from '../../core/stack.ts';

const params = z.strictObject({
  how: z
    .enum(['dead', 'blackhole'])
    .default('dead')
    .describe(
      '`dead`: everything is killed, its volumes are emptied, connections are refused. `blackhole`: packets vanish, and what runs inside goes on',
    ),
});

const undoMs = 60_000;
/** Packets within one engine take well under a millisecond: nothing by then is nothing. */
const silenceMs = 1_000;

const attempt = { listen: false, deadlineMs: silenceMs };

interface Door {
  service: Service;
  port: number;
}
const doorsOf = (services: readonly Service[]): Door[] =>
  services.flatMap((service) => service.ports.map((port) => ({ service, port })));
const named = ({ service, port }: Door): string => `${service.name}:${port}`;
const tried = (
  doors: readonly Door[],
  tryConnection: (door: Door) => Promise<ConnectionTry>,
): Promise<{ door: Door; connected: ConnectionTry['connected'] }[]> =>
  Promise.all(doors.map(async (door) => ({ door, connected: (await tryConnection(door)).connected })));
const byItself = ({ service, port }: Door): Promise<ConnectionTry> => service.tryConnection(port, attempt);

/**
 * Everything that is labelled with a region is gone at once. The witness tries a connection to every port of
 * every service of the region, from another container, and to all others, which must be as they were.
 */
export default defineRegionFault({
  about:
    'a region is gone at once: everything in it is dead (connections are refused), or cut off (packets vanish)',
  on: 'region',
  params,
  witnessDeadlineMs: 30_000,
  aim: async (target, { how }) => {
    const [inside, outside] = await Promise.all([openDoors(target.services), openDoors(target.others)]);
    if (inside.length === 0)
      throw environmentError(`nobody could tell whether region ${target.name} is lost`, {
        found: 'no published port that takes connections',
        expected: 'a port of one of its services to try connections at',
      });
    const aimed = await target.aim(how);
    return async () => inflicted(target, how, { inside, outside }, await aimed.strike());
  },
});

function inflicted(
  target: RegionTarget,
  how: 'dead' | 'blackhole',
  { inside, outside }: Record<'inside' | 'outside', Door[]>,
  lost: LostRegion,
): ActiveFault {
  const gone = how === 'dead' ? 'refused' : 'silent';
  return {
    facts: {
      how,
      services: target.services.map((one) => one.name),
      stores: [...target.stores],
      doors: inside.map(named),
      others: outside.map(named),
    },
    witness: async () => {
      const [now, others] = await Promise.all([
        tried(inside, ({ service, port }) => lost.tryConnection(service.name, port, attempt)),
        tried(outside, byItself),
      ]);
      if (
        now.some(({ connected }) => connected !== gone) ||
        others.some(({ connected }) => connected !== 'accepted') ||
        !(await lost.inPlace())
      )
        return null;
      const lostText = how === 'dead' ? 'refused' : `not answered within ${silenceMs} ms`;
      const othersText =
        outside.length === 0
          ? 'nothing else can be tried'
          : `${outside.map(named).join(', ')} accept them as before`;
      return {
        what: `connections to ${inside.map(named).join(', ')} are ${lostText} and were accepted before; ${othersText}`,
        facts: {
          gone: Object.fromEntries(now.map(({ door, connected }) => [named(door), connected])),
          others: Object.fromEntries(others.map(({ door, connected }) => [named(door), connected])),
        },
      };
    },
    undo: {
      name: `undo region-lost of ${target.name}`,
      deadlineMs: undoMs,
      run: () => lost.giveBack(),
      healed: async () => {
        if (await lost.inPlace()) return false;
        // What was dead runs again, and has its data to be brought back before it accepts anybody: the
        // recovery's business.
        if (how === 'dead')
          return (await Promise.all(target.services.map((one) => one.state()))).every(
            ({ status }) => status === 'running' || status === 'restarting',
          )
            ? null
            : false;
        return isBack(inside);
      },
    },
  };
}

/** What another fault has removed or stopped before has none. */
async function openDoors(services: RegionTarget['services']): Promise<Door[]> {
  const states = await Promise.all(services.map((service) => service.state()));
  return (await tried(doorsOf(services.filter((_, i) => states[i]!.status === 'running')), byItself))
    .filter(({ connected }) => connected === 'accepted')
    .map(({ door }) => door);
}

/** What somebody fenced meanwhile, through the engine, stays off. */
async function isBack(doors: readonly Door[]): Promise<boolean> {
  const states = await Promise.all(
    doors.map(async (door) => ({ door, on: (await door.service.state()).status !== 'exited' })),
  );
  const seen = await tried(
    states.filter(({ on }) => on).map(({ door }) => door),
    byItself,
  );
  return seen.every(({ connected }) => connected === 'accepted');
}
