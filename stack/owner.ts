import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Labels that every container, volume and network of a drill carries. Nothing without them is ever touched.
 */
export const labels = { drill: 'muster.drill', owner: 'muster.owner', role: 'muster.role' } as const;

/**
 * Labels of an image of a drill's own. Other ones than those of its containers: whatever somebody starts from
 * such an image, or from one that he made of a drill's container (`docker commit`), has the image's labels.
 */
export const imageLabels = { drill: 'muster.image.drill', owner: 'muster.image.owner' } as const;

const onImage: Readonly<Record<string, string>> = {
  [labels.drill]: imageLabels.drill,
  [labels.owner]: imageLabels.owner,
};

/** The same marks as an image bears them. */
export const asImageLabels = (own: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(own).map(([key, value]) => [onImage[key] ?? key, value]));

/** `key` or `key=value`, as an image bears it. */
export const asImageLabel = (label: string): string => {
  const [key = ''] = label.split('=', 1);
  return `${onImage[key] ?? key}${label.slice(key.length)}`;
};

/**
 * Labels of an image that keeps a folder for later drills: the recipe's key, the image that it was made for,
 * and what was noted of it. It is no drill's, and `muster gc` removes it.
 */
export const preparedLabels = {
  key: 'muster.prepared',
  of: 'muster.prepared.of',
  facts: 'muster.prepared.facts',
} as const;

/** The region that a service of the user's own compose file says it is in. */
export const regionLabel = 'muster.region';

/** Owns what `--keep` leaves, in place of a process: nobody's death makes it a leftover. */
export const keptStackOwner = 'kept';

/**
 * Who a process is, beyond the reuse of its PID: `<pid>:<start time in clock ticks since boot>:<boot id>.<pid
 * namespace>:<machine>`, from proc_pid_stat(5) field 22, random/boot_id and ns/pid. Where there is no /proc,
 * start and boot are empty. Virtual machines that were started from one snapshot have one boot ID: a machine
 * is known by its name and its /etc/machine-id, hashed.
 */
export function currentOwner(): string {
  return `${process.pid}:${startOf(process.pid) ?? ''}:${boot()}:${machine()}`;
}

const machine = (): string =>
  createHash('sha256').update(`${hostname()}\n${machineId()}`).digest('hex').slice(0, 16);

/** Empty where there is none: not every system, and hardly a container, has one. */
function machineId(): string {
  try {
    const id = readFileSync('/etc/machine-id', 'utf8').trim();
    return id === 'uninitialized' ? '' : id;
  } catch {
    return '';
  }
}

const ownerShape = /^(\d+):(\d*):([^:]*):([^:]*)$/;

/** Whether the process that an owner names would be seen from here, if it ran. */
export function ownerIsSeen(owner: string): boolean {
  const [, , ticks, where, on] = ownerShape.exec(owner) ?? [];
  return !!ticks && !!where && where === boot() && on === machine();
}

/** Whether the process that an owner names ran on this machine since it started, and runs no more. */
export function ownerEndedHere(owner: string): boolean {
  const [, pid, ticks] = ownerShape.exec(owner) ?? [];
  return ownerIsSeen(owner) && !isRunning(Number(pid), ticks!);
}

function isRunning(pid: number, ticks: string): boolean {
  const start = startOf(pid);
  // /proc may hide what other users' processes are, and that they are there (hidepid).
  return start === undefined ? signalReaches(pid) : start === ticks;
}

/**
 * When a process began, in clock ticks since boot. Null of one that has ended and that nobody has asked about
 * yet, as an orphan under a PID 1 that does not; undefined where nothing tells.
 */
export function startOf(pid: number): string | null | undefined {
  try {
    // The second field, the command in brackets, may itself hold spaces and brackets.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return /^[ZX]/.test(fields[0]!) ? null : fields[19];
  } catch {
    return undefined;
  }
}

function boot(): string {
  try {
    const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}.${namespace}`;
  } catch {
    return '';
  }
}

function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const unseenMs = 7 * 24 * 3_600_000;

/**
 * Whether what a process left, and last touched then (Unix ms; null where nothing tells), is nobody's any
 * more: files in folders and things in engines that machines may share. One that cannot be seen from here, of
 * another machine, boot or namespace, or of none that it could name, may still run: it is given a week. Of
 * an engine on this machine, what an earlier boot of this machine left is nobody's.
 */
export function ownerIsGone(
  owner: string,
  touchedMs: number | null,
  { engineIsLocal = false }: { engineIsLocal?: boolean } = {},
): boolean {
  if (!ownerShape.test(owner) || owner === currentOwner()) return false;
  if (ownerIsSeen(owner)) return ownerEndedHere(owner);
  if (engineIsLocal && isOfEarlierBoot(owner)) return true;
  return touchedMs !== null && Date.now() - touchedMs > unseenMs;
}

/** Containers have their hosts' sockets, and namespaces and often a machine-id of their own. */
function isOfEarlierBoot(owner: string): boolean {
  const [then, now] = [ownerShape.exec(owner)?.[3]?.split('.') ?? [], boot().split('.')];
  const areKnown = !!then[0] && !!now[0] && machineId() !== '';
  return areKnown && owner.endsWith(`:${machine()}`) && then[0] !== now[0] && then[1] === now[1];
}
