import { readdirSync, readFileSync } from 'node:fs';

/** A process of this machine. With `since`, a number that is given out again is told from it. */
interface Process {
  pid: number;
  parent: number;
  group: number;
  since: string;
}

/** Null of one that is not there any more, or of a system that does not tell. */
function seenAt(pid: number): (Process & { hasEnded: boolean }) | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Its name, in brackets, may hold anything.
    const [state, parent, group, ...more] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const hasEnded = state === 'Z' || state === 'X';
    return { pid, parent: Number(parent), group: Number(group), since: more[16]!, hasEnded };
  } catch {
    return null;
  }
}

/** Null of one that has ended as well. */
function processAt(pid: number): Process | null {
  const seen = seenAt(pid);
  return seen?.hasEnded ? null : seen;
}

function allProcesses(): Process[] {
  try {
    return readdirSync('/proc').flatMap((name) =>
      /^\d+$/.test(name) ? (processAt(Number(name)) ?? []) : [],
    );
  } catch {
    return [];
  }
}

const signalled = ({ pid, since }: Process, signal: NodeJS.Signals): void => {
  try {
    if (processAt(pid)?.since === since) process.kill(pid, signal);
  } catch {
    // It ended, or belongs to somebody else.
  }
};

/**
 * What a process has begun, and what that has, whatever group it put itself into: `timeout 1h pg_restore`
 * leaves the group of the script that it is in. What made itself a service (its parent ended) is none of it.
 */
export interface ProcessTree {
  /** Takes note of what there is, and asks all of it to end that is not in the group of the first one. */
  askToEnd(): void;
  /** Ends what was noted, and what that has begun since. */
  end(): void;
}

/** `root`: a process that was just started, and leads a group. */
export function processTree(root: number): ProcessTree {
  const first = processAt(root);
  return treeOf(root, first ? [first] : [], () => false);
}

/** When a process began; null of one that runs no more. */
export const beganAt = (pid: number): string | null => processAt(pid)?.since ?? null;

/** Of a child that may have ended, and that nobody has asked about yet. */
export const childBeganAt = (pid: number): string | null => seenAt(pid)?.since ?? null;

/**
 * Ends a process group, and what its processes have begun in groups of their own: what is left of a command
 * that nobody watches any more. `leader`: the process that it was begun with. Where that has ended, `isOwn`
 * has to know one of the others: the number of a group is free again once nobody is in it. Gives how many of
 * the group were there.
 */
export function endGroup(leader: Pick<Process, 'pid' | 'since'>, isOwn: (pid: number) => boolean): number {
  // A script may itself have started whoever looks.
  const isIn = ({ pid, group }: Process): boolean => group === leader.pid && pid !== process.pid;
  const members = allProcesses().filter(isIn);
  const now = processAt(leader.pid);
  if (now ? now.since !== leader.since || !isIn(now) : !members.some(({ pid }) => isOwn(pid))) return 0;
  treeOf(leader.pid, members, isIn).end();
  return members.length;
}

/** `isToo`: belongs to it whoever began it. */
function treeOf(root: number, first: readonly Process[], isToo: (one: Process) => boolean): ProcessTree {
  const keyOf = ({ pid, since }: Process): string => `${pid} ${since}`;
  const known = new Map(first.map((one) => [keyOf(one), one]));
  const look = (): Process[] => {
    const all = allProcesses();
    const alive = new Set(all.filter((one) => known.has(keyOf(one))).map(({ pid }) => pid));
    const fresh: Process[] = [];
    for (let size = -1; size !== alive.size; ) {
      size = alive.size;
      for (const one of all) {
        if (!(alive.has(one.parent) || isToo(one)) || alive.has(one.pid) || one.pid === process.pid) continue;
        alive.add(one.pid);
        known.set(keyOf(one), one);
        fresh.push(one);
      }
    }
    return fresh;
  };
  return {
    askToEnd: () => {
      look();
      for (const one of known.values()) if (one.group !== root) signalled(one, 'SIGTERM');
    },
    end: () => {
      // Stopped first: what is ended one by one may begin another meanwhile, which nobody would find.
      for (const one of known.values()) signalled(one, 'SIGSTOP');
      for (let round = 0, fresh = look(); round < 10 && fresh.length > 0; round += 1, fresh = look())
        for (const one of fresh) signalled(one, 'SIGSTOP');
      for (const one of known.values()) signalled(one, 'SIGKILL');
    },
  };
}
