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
 * namespace>`, from proc_pid_stat(5) field 22, random/boot_id and ns/pid. Where there is no /proc, start and
 * boot are empty.
 */
export function currentOwner(): string {
  return `${process.pid}:${startTicks(process.pid) ?? ''}:${boot()}`;
}

/**
 * The same for files in folders that machines may share: `<owner>:<machine>`. Virtual machines that were
 * started from one snapshot have one boot ID: a machine is known by its name and its /etc/machine-id, hashed.
 */
export const fileOwner = (): string => `${currentOwner()}:${machine()}`;

function machine(): string {
  let id = '';
  try {
    id = readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    // Not every system has one.
  }
  return createHash('sha256').update(`${hostname()}\n${id}`).digest('hex').slice(0, 16);
}

/**
 * Whether the process that an owner label names may still run. A process that cannot be seen from here
 * (another PID namespace, or another machine using the same remote engine) counts as alive: its drill is not
 * ours to end.
 */
export function ownerIsAlive(owner: string, engineIsLocal: boolean): boolean {
  if (owner === keptStackOwner) return true;
  const [pid, ticks, where] = owner.split(':');
  if (!pid || ticks === undefined || where === undefined) return true;
  if (where !== boot()) return !(engineIsLocal && where.split('.')[0] !== boot().split('.')[0]);
  if (ticks === '') return signalReaches(Number(pid));
  return startTicks(Number(pid)) === ticks;
}

/**
 * Null where it runs no more: also of a process that has ended and that nobody has asked about yet, as an
 * orphan under a PID 1 that does not.
 */
function startTicks(pid: number): string | null {
  try {
    // The second field, the command in brackets, may itself hold spaces and brackets.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return /^[ZX]/.test(fields[0]!) ? null : (fields[19] ?? null);
  } catch {
    return null;
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
 * Whether what a process left in a file (`fileOwner`), and last touched then (Unix ms), is nobody's any more.
 * One that cannot be seen from here, of another machine, boot or namespace, or of none that it could name,
 * may run where the folder is shared: it is given a week.
 */
export function ownerIsGone(owner: string, touchedMs: number): boolean {
  const [pid, ticks, where, on] = owner.split(':');
  if (!pid || ticks === undefined || where === undefined || owner === fileOwner()) return false;
  const isHere = ticks !== '' && where !== '' && where === boot() && on === machine();
  return isHere ? !ownerIsAlive(owner, true) : Date.now() - touchedMs > unseenMs;
}
