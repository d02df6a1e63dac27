import { randomBytes } from 'node:crypto';
import { pollUntil } from '../../core/clock.ts';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import { powerOff, answered, type WriteAttempt } from '../fencing.ts';
import { musterPrefix } from './keys.ts';
import { configOf, type Server } from './server.ts';
import type { RedisSite } from './site.ts';

const setting = 'min-replicas-to-write';
/**
 * More replicas than there will ever be: the server refuses every write with NOREPLICAS, and goes on
 * replicating.
 */
const tooMany = '1000000';
/** How long a server may take to close itself before its power is cut. */
const answerMs = 5_000;
const readyMs = 120_000;

/**
 * Found before the real program wherever that is looked up by name, as the official image does: a server
 * without a configuration file can keep no setting, and one that was fenced must not come back open. In the
 * container's own layer, so that it holds whatever is on the volume.
 */
const pathOf = (program: string): string => `/usr/local/sbin/${program}`;
const startsOf = ({ product }: RedisSite): readonly string[] => [
  product.programs.server,
  ...product.alsoStartedAs,
];
const startScript = (program: string, options: string): string => `#!/bin/sh
# Left by a drill.
for real in /usr/local/bin/${program} /usr/bin/${program}; do
  [ -x "$real" ] && exec "$real" "$@"${options}
done
exit 127
`;
const closedStart = (program: string): string => startScript(program, ` --${setting} ${tooMany}`);

/**
 * Whatever becomes of the process, it takes no writes that nobody opened it for. The engine puts no file into
 * a container whose root file system is read-only, and what could be mounted is settled when it is made: such
 * a server is not started again.
 */
export async function closeAtStart(site: RedisSite): Promise<void> {
  const { service, replicaState } = site;
  for (const program of startsOf(site)) await service.assertOwnPath(pathOf(program));
  try {
    for (const program of startsOf(site))
      await service.putFile(pathOf(program), closedStart(program), { mode: 0o755 });
    replicaState.atStart = 'closed';
  } catch (error) {
    if (!/read-only/.test(`${(error as { found?: string }).found}`)) throw error;
    await service.holdDown(true);
    replicaState.atStart = 'kept down';
  }
}

/** How many replicas a server asks for before it takes a write; null of one that a drill has closed. */
export const replicasNeeded = (server: Server): Promise<string | null> =>
  server.run(async (redis) => {
    const asked = (await configOf(redis, [setting]))[setting];
    return asked === undefined || asked === tooMany ? null : asked;
  });

/** What it asks for now is put back with the opening. */
export async function rememberNeeds({ server, replicaState }: RedisSite): Promise<void> {
  replicaState.needsReplicas = (await replicasNeeded(server)) ?? replicaState.needsReplicas;
}

export async function closeNow(site: RedisSite): Promise<void> {
  await rememberNeeds(site);
  await site.server.run((redis) => redis.config('SET', setting, tooMany));
}

/** Asks for as many replicas as it did before somebody closed it. Of a replica that decides nothing. */
export const asksAsBefore = ({ server, replicaState }: RedisSite): Promise<unknown> =>
  server.run((redis) => redis.config('SET', setting, replicaState.needsReplicas));

/** Takes writes as it did before, with the replicas that it asked for, now and after every restart. */
export async function openForWrites(site: RedisSite): Promise<void> {
  await asksAsBefore(site);
  if (site.replicaState.atStart === 'kept down') await site.service.holdDown(false);
  site.replicaState.atStart = null;
  for (const program of startsOf(site)) {
    const { code } = await site.service.exec(['test', '-e', pathOf(program)], { deadlineMs: 30_000 });
    if (code === 0) await site.service.putFile(pathOf(program), startScript(program, ''), { mode: 0o755 });
  }
}

/**
 * Started, if it was off, so that it is closed from its first moment, or from its first answer where no file
 * can be put into its container; answering.
 */
export async function startClosed(site: RedisSite): Promise<boolean> {
  const off = (await site.service.state()).status !== 'running';
  await closeAtStart(site);
  if (off) await site.service.start();
  if (!(await pollUntil(site.clock, { everyMs: 50, deadlineMs: readyMs }, () => site.server.answers())))
    throw environmentError(`${site.service.name} does not come up`, {
      found: `not answering after ${readyMs / 1000} s`,
    });
  await closeNow(site);
  return off;
}

/** Tries a real write at the server itself. One that is accepted is taken back. */
export async function attemptWrite(site: RedisSite): Promise<WriteAttempt> {
  const key = `${musterPrefix}${site.component}:attempt:${randomBytes(4).toString('hex')}`;
  const attempt = site.server.run(async (redis): Promise<WriteAttempt> => {
    try {
      await redis.set(key, '1', 'EX', 60);
    } catch (error) {
      const said = messageOf(error);
      return { write: /^(READONLY|NOREPLICAS)\b/.test(said) ? 'refused' : 'unanswered', said };
    }
    await redis.del(key);
    return { write: 'accepted' };
  });
  return answered(site, answerMs, attempt).catch((error: unknown) => ({
    write: 'unanswered',
    said: messageOf(error),
  }));
}

/**
 * Makes sure that the server takes no more writes, whatever becomes of it: closed now and at every start
 * where it answers, and its container stopped through the engine where it does not (STONITH). Facts say
 * which, and why.
 */
export async function fence(site: RedisSite): Promise<Json> {
  try {
    if ((await site.service.state()).status !== 'running')
      throw environmentError(`${site.service.name} does not run`);
    await answered(site, answerMs, closeNow(site));
    // The engine's work, not the server's: an engine that takes its time makes no server deaf.
    await closeAtStart(site);
    const clientsEnded = await answered(site, answerMs, endClients(site));
    if (site.replicaState.atStart === 'closed') await assertFoundFirst(site);
    const attempt = await attemptWrite(site);
    if (attempt.write !== 'refused')
      throw environmentError(`${site.service.name} is not closed`, { found: attempt.write });
    site.replicaState.role = 'fenced';
    const again =
      site.replicaState.atStart === 'closed'
        ? 'now and at every start'
        : 'and the engine starts it no more: its root file system is read-only';
    return {
      how: 'in band',
      what: `${setting} is out of reach, ${again}`,
      atStart: site.replicaState.atStart,
      clientsEnded: Number(clientsEnded),
      refusal: attempt.said,
    };
  } catch (error) {
    return stopped(site, messageOf(error));
  }
}

const endClients = ({ server }: RedisSite): Promise<unknown> =>
  server.run((redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));

async function assertFoundFirst({ service, product }: RedisSite): Promise<void> {
  const { server } = product.programs;
  const path = pathOf(server);
  const found = await service.exec(['sh', '-c', `command -v ${server}`], { deadlineMs: answerMs });
  if (found.stdout.trim() !== path)
    throw environmentError(`a start of ${service.name} would not find it closed`, {
      found: found.stdout.trim(),
      expected: path,
    });
}

async function stopped(site: RedisSite, why: string): Promise<Json> {
  const { status } = await powerOff(site.service, () => closeAtStart(site));
  site.replicaState.role = 'fenced';
  const { atStart } = site.replicaState;
  const again =
    atStart === 'closed'
      ? 'a start finds it closed'
      : 'it is started no more: its root file system is read-only';
  return { how: 'out of band', what: `the engine stopped the container, and ${again}`, atStart, why, status };
}

/** Takes the fence away: the server serves what it has. Refused on a replica, which is promoted instead. */
export async function reopen(site: RedisSite): Promise<Json> {
  const started = await startClosed(site);
  if ((await site.server.info('replication'))['role'] !== 'master')
    throw environmentError(`${site.service.name} is a replica`, {
      expected: 'a server of its own',
      hint: 'promote it instead',
    });
  await openForWrites(site);
  Object.assign(site.replicaState, { role: 'primary', servesByStep: true });
  return { started, needsReplicas: site.replicaState.needsReplicas };
}

/**
 * A planned closing: reads and replication go on, and every write is refused. The undo leaves a server alone
 * that was meanwhile fenced or made a replica: that it stays closed is then somebody's intention.
 */
export async function closeWrites(site: RedisSite): Promise<ActiveFault> {
  const before = await attemptWrite(site);
  if (before.write !== 'accepted')
    throw environmentError(`${site.service.name} takes no writes before it is closed`, {
      found: before.said,
      expected: 'a server that is open',
    });
  await closeNow(site);
  const refused = async (): Promise<Proof | null> => {
    const attempt = await attemptWrite(site);
    return attempt.write === 'refused'
      ? { what: `a write is refused: ${attempt.said}`, facts: { said: attempt.said } }
      : null;
  };
  return {
    facts: { setting, value: tooMany, before: site.replicaState.needsReplicas },
    witness: refused,
    // Closed for good, or another's replica by now: that is somebody's intention.
    stillThere: async () => (site.replicaState.role !== 'primary' ? null : refused()),
    undo: {
      name: `open ${site.service.name} for writes again`,
      deadlineMs: 30_000,
      run: async () => {
        if (site.replicaState.role === 'primary') await asksAsBefore(site);
      },
      healed: async () => site.replicaState.role !== 'primary' || isOpen(site),
    },
  };
}

/**
 * A write is accepted; or it is refused for the sake of replicas that the server asked for before it was
 * closed, which may have gone their own way meanwhile.
 */
async function isOpen(site: RedisSite): Promise<boolean> {
  if ((await attemptWrite(site)).write === 'accepted') return true;
  const { needsReplicas } = site.replicaState;
  return needsReplicas !== '0' && (await replicasNeeded(site.server)) === needsReplicas;
}
