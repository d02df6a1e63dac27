import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { z } from 'zod';
import { environmentError } from '../../core/errors.ts';
import { defineContainerFault } from '../../core/fault.ts';
import type { ConnectionTry, Service } from '../../core/service.ts';

const undoMs = 30_000;
/** Packets within one engine take well under a millisecond: nothing by then is nothing. */
const silenceMs = 1_000;

/**
 * Cuts a container off by dropping its packets, which any container can suffer. The witness is a connection
 * attempt from another container, accepted before and now without any answer; a refused one would be a dead
 * process, not a cut network.
 */
async function partition(service: Service, direction: 'in' | 'out' | 'both'): Promise<ActiveFault> {
  const port = await portThatAnswers(service);
  const tryConnection = (): Promise<ConnectionTry> => service.tryConnection(port, { deadlineMs: silenceMs });
  const cut = await service.partition(direction);
  const seen = async (): Promise<Proof | null> => {
    const { connected } = await tryConnection();
    if (connected !== 'silent' || !(await cut.inPlace())) return null;
    return {
      what: `packets to ${service.name} vanish: a connection attempt to port ${port} from another container got no answer within ${silenceMs} ms, and was accepted before`,
      facts: { direction, port, before: 'accepted', connected },
    };
  };
  return {
    facts: { direction, port, before: 'accepted' },
    witness: seen,
    stillThere: seen,
    undo: {
      name: `undo partition of ${service.name}`,
      deadlineMs: undoMs,
      run: () => cut.lift(),
      healed: async () => !(await cut.inPlace()) && (await tryConnection()).connected === 'accepted',
    },
  };
}

/** Published or not: another container is what tries it. Rejects where none takes a connection. */
async function portThatAnswers(service: Service): Promise<number> {
  const tried: string[] = [];
  for (const port of service.exposed) {
    const { connected } = await service.tryConnection(port, { deadlineMs: silenceMs });
    if (connected === 'accepted') return port;
    tried.push(`${port}: ${connected}`);
  }
  throw environmentError(`nobody could tell whether ${service.name} is cut off`, {
    found: tried.join(', ') || 'no port, neither published nor exposed',
    expected: 'a port that takes connections from another container; name it under `expose:` or `ports:`',
  });
}

export default defineContainerFault({
  about:
    'packets vanish: connections time out, on both sides, and nothing is refused (a process that restarts is reachable again)',
  params: z.strictObject({
    direction: z
      .enum(['in', 'out', 'both'])
      .default('both')
      .describe('Which packets are dropped: those that arrive, those that leave, or both'),
  }),
  askedAgain: true,
  witnessDeadlineMs: 20_000,
  inject: ({ service }, { direction }) => partition(service, direction),
});
