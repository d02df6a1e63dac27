import { readFileSync, readdirSync } from 'node:fs';
import { systemClock } from '../core/clock.ts';
import { labels, ownerEndedHere, ownerIsGone, startOf } from './owner.ts';
import { engineIsLocal, getRuntime } from './runtime.ts';
import { marked, removeMarked, type Marked, type Removed } from './marked.ts';
import { unlabelledOf } from './unlabelled.ts';

/** What one drill left behind, and whether the process that ran it may still be there. */
export interface Leftover {
  drill: string;
  owner: string;
  alive: boolean;
  containers: string[];
  volumes: string[];
  networks: string[];
  images: string[];
}

/** Everything in the engine that carries a drill's label, by drill and owner. Empty when nothing was left. */
export async function findLeftovers(): Promise<Leftover[]> {
  const runtime = await getRuntime();
  const groups = new Map<string, Leftover>();
  const all = await marked(runtime, [labels.drill]);
  const isGone = goneBy(engineIsLocal(runtime))(all);
  for (const each of all) {
    const key = `${each.drill}\n${each.owner}`;
    const group = groups.get(key) ?? {
      drill: each.drill,
      owner: each.owner,
      alive: !isGone(each.owner),
      containers: [],
      volumes: [],
      networks: [],
      images: [],
    };
    group[`${each.kind}s`].push(each.name);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/**
 * Removes what dead drills left: their containers, volumes, networks and own images, also those of a `compose
 * up` that was cut off. Drills whose owner lives are kept, unless `all`; something with a drill's label but
 * no owner is kept, unless `all`. With `drills`, those and no others, whoever owns them. What Compose made
 * without labels goes with a drill of which nothing is kept.
 */
export async function removeLeftovers(
  options: { all?: boolean; drills?: readonly string[] } = {},
): Promise<Removed> {
  const runtime = await getRuntime();
  const look = goneBy(engineIsLocal(runtime));
  const drills = new Set<string>();
  const find = async (): Promise<Marked[]> => {
    const all = await marked(runtime, [labels.drill]);
    const isGone = look(all);
    const due = ({ drill, owner }: Marked): boolean =>
      options.drills ? options.drills.includes(drill) : options.all === true || isGone(owner);
    const kept = new Set(all.filter((each) => !due(each)).map(({ drill }) => drill));
    for (const { drill } of all) if (!kept.has(drill)) drills.add(drill);
    const unlabelled = await Promise.all([...drills].map((drill) => unlabelledOf(runtime, drill)));
    return [...all.filter(due), ...unlabelled.flat()];
  };
  await endOrphans();
  return removeMarked(runtime, find);
}

/**
 * Who is gone of the owners of these, and of what was looked at before: an owner is as old as the youngest of
 * what it made, and stays so when that is removed.
 */
export function goneBy(
  local: boolean,
): (all: readonly Pick<Marked, 'owner' | 'madeMs'>[]) => (owner: string) => boolean {
  const youngest = new Map<string, number>();
  return (all) => {
    for (const { owner, madeMs } of all)
      if (madeMs !== null) youngest.set(owner, Math.max(madeMs, youngest.get(owner) ?? 0));
    return (owner) => ownerIsGone(owner, youngest.get(owner) ?? null, { engineIsLocal: local });
  };
}

/**
 * Between two looks: enough for a process that was just forked to have become what it will be, and for a
 * killed one to be gone.
 */
const orphanLookMs = 40;
const orphanLooksMax = 100;

/**
 * A `docker compose up` outlives the Muster that started it and goes on creating containers. It carries its
 * owner in its environment, as MUSTER_OWNER; only processes that say so are ended, and of those only
 * Docker's: what asks for passwords may have started an agent of the user's. Looks until two looks in a row
 * find none: the command starts a plug-in, which may begin after the first look and before its parent ends.
 */
async function endOrphans(): Promise<void> {
  if (process.platform !== 'linux') return;
  for (let looks = 0, quiet = 0; quiet < 2 && looks < orphanLooksMax; looks += 1) {
    quiet = endOrphansSeen() === 0 ? quiet + 1 : 0;
    await systemClock.sleep(orphanLookMs);
  }
}

function endOrphansSeen(): number {
  let ended = 0;
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    try {
      const began = startOf(pid) ?? null;
      const owner = /(?:^|\0)MUSTER_OWNER=([^\0]+)/.exec(readFileSync(`/proc/${pid}/environ`, 'latin1'))?.[1];
      if (
        began === null ||
        owner === undefined ||
        !ownerEndedHere(owner) ||
        !/docker/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1')) ||
        startOf(pid) !== began
      )
        continue;
      process.kill(pid, 'SIGKILL');
      ended += 1;
    } catch {
      // It ended meanwhile, or it is another user's.
    }
  }
  return ended;
}
