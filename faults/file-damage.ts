import { z } from 'zod';
import type { ActiveFault, Proof } from '../core/active-fault.ts';
import { environmentError } from '../core/errors.ts';
import type { Helper, Service } from '../core/service.ts';
import type { Json } from '../core/timeline.ts';
import { frozenAndKilled } from './frozen.ts';
import { processGone, startAgain } from './process.ts';
import { seededWords } from '../core/random.ts';
import type { DataFolder } from '../core/fault.ts';
import { besideVolume, damaging, script } from './volume.ts';

/** The parameters that every fault of a file has. */
export const fileParams = {
  file: z
    .enum(['data', 'log'])
    .default('data')
    .describe('`data`: what clients wrote. `log`: the write-ahead or append-only log'),
  restart: z
    .boolean()
    .default(true)
    .describe('The process must read the file again. Without, one that holds it open may notice nothing'),
};

/**
 * What is done to which file. `bits` flips so many, spread over the file; `keep` is the share (0 to 1) that
 * stays of a truncated one. With `restart` the process is taken away around the damage, so that it must read
 * the file again; without, one that holds the file open may notice nothing.
 */
export type FileDamage = { file: 'data' | 'log'; restart: boolean; seed: number } & (
  | { how: 'flip-bits'; bits: number }
  | { how: 'truncate'; keep: number }
  | { how: 'delete' }
);

type Found = { what: string; facts: Record<string, Json> } | null;
/**
 * One kind of damage to one file: what is done, and what a look from elsewhere must find afterwards (null:
 * nothing of it). `stays`: what a look finds when the recovery is over and the file is still the damaged one.
 */
interface Damage {
  act(): Promise<void>;
  look(from: Helper): Promise<Found>;
  stays(from: Helper): Promise<Found>;
  facts: Record<string, Json>;
}

/**
 * Damages a file of the data folder. With `restart` the process is taken away around it, and the witness
 * wants another process to have read the file since. Without, the witness says of a deleted file whether the
 * process still holds it open: then no client can notice anything before the next restart.
 */
export async function damageFile(volume: DataFolder, damage: FileDamage): Promise<ActiveFault> {
  const { service } = volume;
  const path = await volume.file(damage.file);
  await service.assertOwnPath(path);
  const before = await service.state();
  const done = await besideVolume(volume, async (helper) => {
    // Before anything is done to the process.
    if (damage.how !== 'delete' && (await sizeOf(helper, path)) === 0)
      throw environmentError(`${path} is empty`, { expected: 'a file with something to damage' });
    const act = async (): Promise<Damage> => {
      const planned = await plan(helper, path, damage);
      await planned.act();
      return planned;
    };
    if (!damage.restart) return act();
    if (volume.restartBy(damage.file) === 'kill') return frozenAndKilled(service, act);
    await service.stop(60);
    return act().finally(() => service.start());
  });
  return {
    facts: { path, how: damage.how, restart: damage.restart, pid: before.pid, ...done.facts },
    witness: async (): Promise<Proof | null> => {
      const gone = processGone(before, await service.state());
      if (damage.restart && !gone) return null;
      const found = await besideVolume(volume, done.look);
      if (!found) return null;
      const held = damage.how === 'delete' && !gone ? await heldOpen(service, path) : null;
      const trap =
        held === true
          ? `; process ${before.pid} still holds it open, so that nothing of it shows before a restart`
          : '';
      return {
        what: `${found.what}${trap}${gone ? `; ${gone.what}` : ''}`,
        facts: {
          path,
          ...found.facts,
          ...(damage.how === 'delete' ? { heldOpen: gone ? false : held } : {}),
          ...gone?.facts,
        },
      };
    },
    ...askedAgain(volume, path, damage, done.stays),
    undo: { ...startAgain(service, `undo ${damage.how} of`), healed: async () => null },
  };
}

/**
 * Files of a log come and go under names of their own, and what is in one may be past its use: of a driver
 * that cannot tell which ones its server looks for, only what happened to the data is asked again.
 */
function askedAgain(
  volume: DataFolder,
  path: string,
  { file, how }: FileDamage,
  stays: Damage['stays'],
): Pick<ActiveFault, 'stillThere'> {
  const { awaits } = volume;
  if (!awaits && (file === 'log' || how === 'delete')) return {};
  return {
    stillThere: () =>
      besideVolume(volume, async (helper) =>
        awaits && !(await awaits(path, helper)) ? null : stays(helper),
      ),
  };
}

const sizeOf = async (helper: Helper, path: string): Promise<number> =>
  Number(await script(helper, 'look', 'stat -c %s "$1"', [path]));

/**
 * A file is told by inode and time of birth: one of the same name that a server or a restore makes anew is
 * another one. Empty where there is none.
 */
const identityOf = (from: Helper, path: string): Promise<string> =>
  script(from, 'look', 'test -e "$1" || exit 0; stat -c "%i born %W" "$1"', [path]);

async function plan(helper: Helper, path: string, damage: FileDamage): Promise<Damage> {
  const bytes = await sizeOf(helper, path);
  if (damage.how === 'flip-bits') return flips(helper, path, { bytes, bits: damage.bits, seed: damage.seed });
  if (damage.how === 'truncate')
    return truncation(helper, path, { bytes, kept: Math.floor(bytes * damage.keep) });
  return deletion(helper, path, bytes);
}

const readBytes = async (from: Helper, path: string, offsets: readonly number[]): Promise<number[]> =>
  (
    await script(from, 'look', 'f=$1; shift; for at; do od -An -v -tu1 -j "$at" -N 1 "$f" || echo -1; done', [
      path,
      ...offsets.map(String),
    ])
  )
    .trim()
    .split(/\s+/)
    .map(Number);

/** One bit in each of as many equal parts of the file, at a place that the seed chooses. */
async function flips(
  helper: Helper,
  path: string,
  { bytes, bits, seed }: { bytes: number; bits: number; seed: number },
): Promise<Damage> {
  const word = seededWords(seed);
  const parts = Math.min(bits, bytes);
  const offsets = Array.from(
    { length: parts },
    (_, i) => Math.floor((i * bytes) / parts) + (word() % Math.max(1, Math.floor(bytes / parts))),
  );
  const flipped = (await readBytes(helper, path, offsets)).map((byte) => byte ^ (1 << (word() % 8)));
  const identity = await identityOf(helper, path);
  const pairs = offsets.flatMap((at, i) => [String(at), `\\${flipped[i]!.toString(8).padStart(3, '0')}`]);
  return {
    facts: { bytes, offsets },
    act: async () =>
      void (await script(
        helper,
        damaging,
        'f=$1; shift; while [ $# -gt 0 ]; do printf "$2" | dd of="$f" bs=1 seek="$1" conv=notrunc 2>/dev/null; shift 2; done; sync',
        [path, ...pairs],
      )),
    look: async (from) => {
      const now = await readBytes(from, path, offsets).catch(() => []);
      const wrong = offsets.filter((_, i) => now[i] === flipped[i]).length;
      return wrong === 0
        ? null
        : {
            what: `${wrong} of ${offsets.length} flipped bits are on the disk in ${path}`,
            facts: { flipped: wrong, of: offsets.length },
          };
    },
    stays: async (from) => {
      if ((await identityOf(from, path)) !== identity) return null;
      const now = await readBytes(from, path, offsets);
      // Other content written into the same file may agree in some of the bytes.
      return offsets.every((_, i) => now[i] === flipped[i])
        ? {
            what: `all ${offsets.length} flipped bits are still in the same ${path}`,
            facts: { flipped: offsets.length },
          }
        : null;
    },
  };
}

const digestFrom = 'tail -c "+$(($2 + 1))" "$1" | head -c "$3" | sha256sum';

/** What was cut off is told by its digest: a server that goes on writing makes the file grow again. */
async function truncation(
  helper: Helper,
  path: string,
  { bytes, kept }: { bytes: number; kept: number },
): Promise<Damage> {
  const end = [path, String(kept), String(bytes - kept)];
  const digest = await script(helper, 'look', digestFrom, end);
  const identity = await identityOf(helper, path);
  return {
    facts: { bytes, kept },
    act: async () => void (await script(helper, damaging, 'truncate -s "$2" "$1"', [path, String(kept)])),
    look: async (from) => {
      const there = await script(from, 'look', `test -e "$1" || exit 0; stat -c %s "$1"; ${digestFrom}`, end);
      const [size, ...rest] = there.trim().split('\n');
      if (rest.join('\n').trim() === digest.trim()) return null;
      return {
        what:
          there === ''
            ? `${path} is gone`
            : `${path} has ${size} bytes, and the ${bytes - kept} after byte ${kept} are not what they were`,
        facts: { bytesBefore: bytes, bytesNow: there === '' ? null : Number(size), kept },
      };
    },
    // A server that mended it by itself cut more off, or wrote on: what that cost is for the ledger and the
    // inventory.
    stays: async (from) => {
      if ((await identityOf(from, path)) !== identity || (await sizeOf(from, path)) !== kept) return null;
      return {
        what: `the same ${path} still ends after ${kept} of its ${bytes} bytes`,
        facts: { bytes, kept },
      };
    },
  };
}

async function deletion(helper: Helper, path: string, bytes: number): Promise<Damage> {
  const before = await identityOf(helper, path);
  return {
    facts: { bytes },
    act: async () => void (await script(helper, damaging, 'rm "$1"', [path])),
    look: async (from) => {
      const now = await identityOf(from, path);
      if (now === before) return null;
      return {
        what: now === '' ? `${path} is not in its folder any more` : `${path} is another file than it was`,
        facts: { bytesBefore: bytes, there: now !== '' },
      };
    },
    stays: async (from) =>
      (await identityOf(from, path)) === ''
        ? { what: `${path} is still not there`, facts: { there: false } }
        : null,
  };
}

/**
 * Whether a process of the container holds a deleted file of that path open. Null when the kernel does not
 * let us see.
 */
async function heldOpen(service: Service, path: string): Promise<boolean | null> {
  // Only the process's own user may see what it holds open.
  const owner = await service.exec(['stat', '-c', '%u', '/proc/1']).catch(() => null);
  if (owner?.code !== 0) return null;
  const { stdout } = await service
    .exec(['sh', '-c', 'ls -l /proc/1/fd 2>/dev/null; true'], { user: owner.stdout.trim() })
    .catch(() => ({ stdout: '' }));
  return stdout.includes(' -> ') ? stdout.includes(`${path} (deleted)`) : null;
}
