import { z } from 'zod';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { environmentError } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import { formatBytes } from '../../core/units.ts';
import { startAgain } from '../process.ts';
import { defineStorageFault, type DataFolder } from '../../core/fault.ts';
import { besideVolume, damaging, script } from '../volume.ts';

const name = '.muster-fill';
/** A file system of this size is filled in seconds; a larger one is likely somebody's disk. */
const largestBytes = 4 * 1024 ** 3;

/**
 * Fills the file system that holds the data with a file of our own, to the last block. Refused unless it is
 * one of its own and small: a named volume lies on the engine's disk, and filling that would take down the
 * host. `tmpfs` volumes have a size.
 */
async function fillDisk(volume: DataFolder): Promise<ActiveFault> {
  const { service, folder } = volume;
  const fill = `${folder}/${name}`;
  const sizes = await besideVolume(volume, async (helper) => {
    const found = await sizesOf(helper, volume);
    const refused = await script(
      helper,
      damaging,
      'cat /dev/zero > "$1" 2>/tmp/said && exit 1; cat /tmp/said',
      [fill],
    );
    if (refused !== '' && !isFull(refused))
      throw environmentError(`${folder} cannot be filled`, {
        found: refused.trim(),
        expected: 'No space left on device',
      });
    return found;
  });
  const restart = startAgain(service, 'undo disk-full of');
  const seen = async (): Promise<Proof | null> =>
    besideVolume(volume, async (helper) => {
      const said = await trialWrite(helper, folder);
      if (said === null) return null;
      return {
        what: `another process cannot write 64 KiB to ${folder}: ${said}`,
        facts: { folder, said, free: (await freeBytes(helper, folder)).free },
      };
    });
  return {
    facts: { folder, bytes: sizes.total, freeBefore: sizes.free },
    witness: seen,
    stillThere: seen,
    undo: {
      ...restart,
      run: async () => {
        await besideVolume(volume, (helper) => script(helper, damaging, 'rm -f "$1"', [fill]));
        await restart.run();
      },
      healed: async () =>
        (await besideVolume(volume, (helper) => trialWrite(helper, folder))) === null &&
        (await restart.healed()),
    },
  };
}

const isFull = (said: string): boolean => /no space left/i.test(said);

async function freeBytes(helper: Helper, folder: string): Promise<{ total: number; free: number }> {
  const [total, free] = (await script(helper, 'look', 'df -P -k "$1" | tail -n 1', [folder]))
    .trim()
    .split(/\s+/)
    .slice(1)
    .flatMap((word, i) => (i === 0 || i === 2 ? [Number(word) * 1024] : []));
  return { total: total!, free: free! };
}

/** What is filled in memory is taken from everything else on the host, which must go on. */
export function assertMemoryFor(
  service: string,
  type: string,
  freeBytes: number,
  availableBytes: number,
): void {
  if (type !== 'tmpfs' || freeBytes <= availableBytes / 2) return;
  throw environmentError(`the disk of ${service} is not filled: it lies in memory that the host needs`, {
    found: `${formatBytes(freeBytes)} to fill, and ${formatBytes(availableBytes)} of memory available`,
    expected: 'at most half of what is available',
    hint: 'give its volume a smaller size',
  });
}

/**
 * Size and room of the data's file system. Environment error when the host or the container itself shares it,
 * or it is too large.
 */
async function sizesOf(
  helper: Helper,
  { service, folder }: DataFolder,
): Promise<{ total: number; free: number }> {
  // The engine mounts /etc/hosts from its own disk.
  const look =
    'stat -f -c %T "$1"; sed -n "s/^MemAvailable: *\\([0-9]*\\).*/\\1/p" /proc/meminfo; stat -c %d "$1" / /etc/hosts';
  const [type, availableKiB, own, ...others] = (await script(helper, 'look', look, [folder]))
    .trim()
    .split('\n');
  const sizes = await freeBytes(helper, folder);
  if (!others.includes(own!) && sizes.total <= largestBytes) {
    assertMemoryFor(service.name, type!, sizes.free, Number(availableKiB) * 1024);
    return sizes;
  }
  throw environmentError(
    `the disk of ${service.name} is not filled: its data does not lie on a small file system of its own`,
    {
      found: `${folder} on a file system of ${formatBytes(sizes.total)}${others.includes(own!) ? ' that it shares with the host' : ''}`,
      expected: `one of its own of at most ${formatBytes(largestBytes)}`,
      hint: 'give it a volume of a size: driver_opts { type: tmpfs, device: tmpfs, o: "size=256m" }, and a service beside it that keeps the volume mounted',
    },
  );
}

/**
 * Null when 64 KiB can be written; the system's own words when they cannot for want of room. Rejects for any
 * other reason.
 */
async function trialWrite(helper: Helper, folder: string): Promise<string | null> {
  const trial = `${folder}/.muster-trial`;
  const said = (
    await script(helper, 'look', 'if head -c 65536 /dev/zero 2>&1 > "$1"; then :; fi; rm -f "$1"', [trial])
  ).trim();
  if (said === '') return null;
  if (!isFull(said)) throw environmentError(`${folder} cannot be written`, { found: said });
  return said.split('\n')[0]!;
}

export default defineStorageFault({
  about: 'the file system that holds the data is really full; refused unless it is a small one of its own',
  params: z.strictObject({}),
  askedAgain: true,
  witnessDeadlineMs: 30_000,
  refuses: ({ volumes, ownFileSystems }) =>
    volumes.some((volume) => ownFileSystems.has(volume))
      ? null
      : 'its data lies on the disk of the host, which no drill may fill (give it a volume with driver_opts { type: tmpfs, device: tmpfs, o: "size=256m" })',
  inject: fillDisk,
});
