import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { OomWatch } from '../core/service.ts';
import { engineIsLocal, type Container, type Docker } from './runtime.ts';
import type { DrillSite } from './drill-site.ts';

/** A control group is gone some tens of milliseconds after the last of its processes. */
const lookEveryMs = 5;

/**
 * Watches what the kernel's OOM killer does in one container's own control group, by two accounts: the
 * engine's events of that container, which outlive it, and the group's own counter, where it can be read from
 * here. What is killed elsewhere on the host is in neither.
 */
export async function watchOomKills(
  { runtime, clock }: Pick<DrillSite, 'runtime' | 'clock'>,
  container: Container,
): Promise<OomWatch> {
  const told = await engineTells(runtime.container.dockerode, container.id);
  const { State } = await container.inspect();
  const counter = engineIsLocal(runtime) ? counterOf(State.Pid, container.id) : null;
  const counted = counter === null ? null : countKills(clock, counter);
  return {
    seen: () => {
      if (told.kills() > 0) return `the engine tells of ${told.kills()} OOM kills in its control group`;
      const kills = counted?.kills() ?? 0;
      return kills > 0 ? `the kernel counts ${kills} OOM kills in its control group` : null;
    },
    canTell: () => counted !== null || told.isOpen(),
    end: () => {
      told.end();
      counted?.end();
    },
  };
}

interface Account {
  kills(): number;
  end(): void;
}

/** One event a line, each of this container. */
async function engineTells(docker: Docker, container: string): Promise<Account & { isOpen(): boolean }> {
  const filters = { container: [container], event: ['oom'] };
  const events = (await docker.getEvents({ filters })) as Readable;
  let kills = 0;
  let open = true;
  const closed = (): void => void (open = false);
  events.on('error', closed).on('close', closed).on('end', closed);
  const lines = createInterface({ input: events });
  lines.on('line', () => void (kills += 1));
  return {
    kills: () => kills,
    isOpen: () => open,
    end: () => {
      lines.close();
      events.destroy();
    },
  };
}

/**
 * The file in which the kernel counts OOM kills of the group that this process is in, of cgroup v2 or v1.
 * Null where it cannot be read, or the group is not the container's: the PID is another machine's, or reused.
 */
export function counterOf(pid: number, container: string, root = '/'): string | null {
  const groups = readable(join(root, 'proc', String(pid), 'cgroup')) ?? '';
  const found = groups.split('\n').flatMap((line) => {
    const [, number, controllers = '', path = ''] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (!path.includes(container)) return [];
    if (controllers.split(',').includes('memory')) return join('memory', path, 'memory.oom_control');
    return number === '0' ? join(path, 'memory.events') : [];
  });
  const files = found.map((file) => join(root, 'sys/fs/cgroup', file));
  return files.find((file) => killsIn(file) !== null) ?? null;
}

function readable(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** Null where there is no such counter, or no such group any more. */
export function killsIn(file: string): number | null {
  const [, kills] = /^oom_kill (\d+)$/m.exec(readable(file) ?? '') ?? [];
  return kills === undefined ? null : Number(kills);
}

/** More of them than there were, looked at until the group is gone. */
function countKills(clock: Clock, file: string): Account {
  const before = killsIn(file) ?? 0;
  const over = new AbortController();
  let most = before;
  const look = async (): Promise<void> => {
    for (;;) {
      const now = killsIn(file);
      if (now === null) return;
      most = Math.max(most, now);
      await clock.sleep(lookEveryMs, over.signal);
    }
  };
  look().catch(() => undefined);
  return { kills: () => most - before, end: () => over.abort() };
}
