import { once } from 'node:events';
import { z } from 'zod';
import { pollUntil, type Clock } from '../../core/clock.ts';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import { defineContainerFault, type ContainerTarget } from '../../core/fault.ts';
import type { OomWatch, Running, Service, ServiceState, Shell } from '../../core/service.ts';
import { liftLimit, processGone, startAgain } from '../process.ts';

const MiB = 1024 * 1024;
/** What the engine allows at least. */
const leastBytes = 6 * MiB;
/**
 * Above what is used now, in tries: the kernel refuses a limit that it cannot get below by giving back
 * caches.
 */
const slacks = [2 * MiB, 8 * MiB, 32 * MiB];
const chunk = Buffer.alloc(256 * 1024);
const deathDeadlineMs = 30_000;

// A file in memory belongs to no process, so that the killer's choice is the largest process, the server, and
// not the one that writes.
const inMemory = '/dev/shm';
const squeezer = `echo ready; cat > ${inMemory}/.muster-squeeze; rm -f ${inMemory}/.muster-squeeze`;
// Memory that no reclaim gives back, of cgroup v2 or v1.
const usage =
  'f=/sys/fs/cgroup/memory.stat; test -e "$f" || f=/sys/fs/cgroup/memory/memory.stat; sed -n "s/^\\(anon\\|shmem\\|total_rss\\|total_shmem\\) //p" "$f"';
const limit =
  'f=/sys/fs/cgroup/memory.max; test -e "$f" || f=/sys/fs/cgroup/memory/memory.limit_in_bytes; cat "$f"';

/**
 * Lowers the memory limit to what the container uses, then uses a little more: the kernel's OOM killer ends
 * the server. (A limit below what is used kills at once under cgroup v2, and is refused under v1.) The limit
 * stays, restart or not, until the undo.
 */
async function exhaustMemory({ service, clock }: ContainerTarget): Promise<ActiveFault> {
  // What is no memory, or not this container's, would be filled for nothing.
  await service.assertOwnPath(inMemory);
  if (service.mounts.some(({ path }) => path === inMemory))
    throw environmentError(`the memory of ${service.name} cannot be filled`, {
      found: `a volume at ${inMemory}`,
      expected: 'a file system in memory there, as the engine mounts it',
    });
  const before = await service.state();
  const used = (await words(service, usage)).reduce((sum, bytes) => sum + bytes, 0);
  const killer = await service.watchOomKills();
  let squeeze: Running | null = null;
  let limited: number;
  try {
    squeeze = await service.spawn(['sh', '-c', squeezer]);
    // What it takes to begin a command counts as well: it must have begun before the limit.
    await once(squeeze.stdout, 'data', { signal: AbortSignal.timeout(deathDeadlineMs) });
    limited = await lower(service, used);
    await fill(service, clock, { before, squeeze });
  } catch (error) {
    killer.end();
    await squeeze?.kill().catch(() => undefined);
    await liftLimit(clock, () => service.limitMemory(null));
    throw error;
  }
  const restart = startAgain(service, 'undo memory-limit of');
  return {
    facts: { pid: before.pid, usedBytes: used, limitBytes: limited },
    witness: () => witness(service, { before, killer, limited }),
    undo: {
      ...restart,
      run: async () => {
        killer.end();
        await liftLimit(clock, () => service.limitMemory(null));
        await restart.run();
      },
      // The kernel's own figure, read inside: the engine's would be what it was told.
      healed: async () =>
        (await restart.healed()) === true &&
        ((await words(service, limit).catch(() => [limited]))[0] ?? Infinity) > limited,
    },
  };
}

/** Numbers that a script printed; cgroup v2 says `max` for none, which is left out. */
async function words(service: Shell, script: string): Promise<number[]> {
  const { code, stdout } = await service.exec(['sh', '-c', script]);
  // Where memory has run out the kernel may end this command as well: that is no answer.
  if (code !== 0) throw environmentError("the kernel's figures cannot be read", { found: `code ${code}` });
  return stdout
    .split(/\s+/)
    .filter((word) => /^\d+$/.test(word))
    .map(Number);
}

async function lower(service: Service, used: number): Promise<number> {
  let last: unknown = null;
  for (const slack of slacks) {
    const bytes = Math.max(leastBytes, used + slack);
    try {
      await service.limitMemory(bytes);
      return bytes;
    } catch (error) {
      last = error;
    }
  }
  throw environmentError(`the memory of ${service.name} cannot be limited`, {
    found: messageOf(last),
    expected: `a limit near the ${used} bytes that it uses`,
    cause: last,
  });
}

/**
 * Feeds the file in memory until the server is gone, or the command has ended: a file system in memory may be
 * too small for that.
 */
async function fill(
  service: Service,
  clock: Clock,
  { before, squeeze }: { before: ServiceState; squeeze: Running },
): Promise<void> {
  let over = false;
  const end = (): void => void (over = true);
  squeeze.done.then(end, end);
  squeeze.stdout.resume();
  const feed = (): void => {
    if (!over && squeeze.stdin.writable)
      squeeze.stdin.write(chunk, (error) => (error ? end() : setImmediate(feed)));
  };
  feed();
  await pollUntil(
    clock,
    { everyMs: 20, deadlineMs: deathDeadlineMs },
    async () => processGone(before, await service.state()) !== null || over,
  );
  if (over) return;
  end();
  squeeze.stdin.end();
}

/**
 * The engine hears of it from the container's own control group and keeps it with the container's state,
 * until that is started anew; the watch holds what it told. A process that anything else killed is in
 * neither, and what the kernel ends elsewhere on the host as well. Environment error where nobody would tell.
 */
async function witness(
  service: Service,
  { before, killer, limited }: { before: ServiceState; killer: OomWatch; limited: number },
): Promise<Proof | null> {
  const now = await service.state();
  const gone = processGone(before, now);
  if (!gone) return null;
  const said = now.oomKilled ? "the engine reports that the kernel's OOM killer ended it" : killer.seen();
  if (said === null && !killer.canTell())
    throw environmentError(`nothing tells whether the kernel's OOM killer ended ${service.name}`, {
      expected: "the engine's events, or the counter of the container's control group",
    });
  if (said === null) return null;
  return {
    what: `${gone.what}; ${said}, under a limit of ${limited} bytes`,
    facts: { pidBefore: before.pid, pidAfter: now.pid, oomKilled: now.oomKilled, restarts: now.restarts },
  };
}

export default defineContainerFault({
  about: "the container needs more memory than its limit: the kernel's OOM killer ends the process",
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  inject: exhaustMemory,
});
