import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Given } from './drill-context.ts';
import { childBeganAt, endGroup } from './process-tree.ts';
import { foundIn, notedCommands, scratchOf } from './scratch.ts';

/** Whose drill a command on the host is of. A name of its own: programs may inherit it and stay for good. */
const ownerVariable = 'MUSTER_COMMAND_OWNER';

export const ownerFacts = ({ owner }: Pick<Given, 'owner'>): Record<string, string> =>
  owner ? { [ownerVariable]: owner.owner } : {};

/**
 * Says in the drill's folder that a command runs on the host, so that it can be told from what it leaves as a
 * service, and ended, where Muster is killed. Gives what takes that back.
 */
export function noteCommand(drill: Pick<Given, 'folder' | 'owner'>, pid: number): () => void {
  const since = childBeganAt(pid);
  if (!drill.owner || since === null) return () => undefined;
  const folder = join(scratchOf(drill), notedCommands);
  const path = join(folder, `${pid}-${since}`);
  try {
    mkdirSync(folder, { recursive: false, mode: 0o700 });
  } catch {
    // It is there, or nothing can be written.
  }
  try {
    writeFileSync(path, '', { mode: 0o600 });
  } catch {
    return () => undefined;
  }
  return () => rmSync(path, { force: true });
}

/** Between two looks: enough for what was killed to be gone. */
const lookMs = 40;
const looksMax = 50;

/**
 * Ends the commands that a drill left running on this machine, as it would have at its own end: their process
 * groups and what those have begun. What made itself a service stays. `scratch`: of a drill whose process,
 * `owner`, was killed on this machine since it started. Gives how many commands there were, and whether
 * nothing of them is left.
 */
export async function endNotedCommands(
  scratch: string,
  owner: string,
  clock: Clock,
): Promise<{ ended: number; isAll: boolean }> {
  const commands = foundIn(join(scratch, notedCommands)).flatMap((name) => {
    const [, pid, since] = /^([1-9]\d*)-(\d+)$/.exec(name) ?? [];
    return pid && since ? [{ pid: Number(pid), since }] : [];
  });
  const isOwn = (pid: number): boolean => saysOwner(pid, owner);
  const seen = new Set<number>();
  for (let looks = 0; looks < looksMax; looks += 1) {
    const there = commands.filter((one) => endGroup(one, isOwn) > 0);
    for (const { pid } of there) seen.add(pid);
    if (there.length === 0) return { ended: seen.size, isAll: true };
    await clock.sleep(lookMs);
  }
  return { ended: seen.size, isAll: false };
}

function saysOwner(pid: number, owner: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${ownerVariable}=${owner}`);
  } catch {
    return false;
  }
}
