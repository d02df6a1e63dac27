import { createCipheriv, randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { environmentError, NothingToActOn } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import { frozenAndKilled } from '../frozen.ts';
import { processGone, startAgain } from '../process.ts';
import { defineStorageFault, type DataFolder } from '../../core/fault.ts';
import { besideVolume, damaging, script } from '../volume.ts';

const suffix = '.muster-locked';
/** Paths given to one command at a time: far below what a command line holds. */
const batchFiles = 200;
const headBytes = 64;
/** In hexadecimal digits: the ciphertext of a shorter one may well be what it was. */
const shortest = 16;

interface File {
  path: string;
  bytes: number;
  head: string;
}

/**
 * What ransomware does: the process is frozen, every file of the data folder is overwritten in place by its
 * AES-256-CTR ciphertext and gets another name, and the process is killed. The key is random, never leaves
 * this function and is kept nowhere.
 */
async function cipherVolume(volume: DataFolder): Promise<ActiveFault> {
  const { service, folder } = volume;
  const before = await service.state();
  const lost = (await volume.aboutToLose?.()) ?? {};
  const files = await besideVolume(volume, async (helper) => {
    // Refused before anything is done to the process; what there is then may be more.
    await listed(helper, folder);
    return frozenAndKilled(service, async () => {
      const found = await listed(helper, folder);
      const key = randomBytes(32);
      for (let at = 0; at < found.length; at += batchFiles)
        await overwrite(helper, found.slice(at, at + batchFiles), key);
      key.fill(0);
      return found;
    });
  });
  const restart = startAgain(service, 'undo encrypt-volume of');
  return {
    facts: {
      folder,
      files: files.length,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      suffix,
      pid: before.pid,
    },
    witness: async () => witness(volume, files, processGone(before, await service.state())),
    stillThere: async () => (await onlyLocked(volume, files)) ?? (await lost.stillThere?.()) ?? null,
    undo: {
      ...restart,
      // What is left of them is of use to nobody, and in the way of a restore; the data comes back by a
      // recovery or not at all.
      run: async () => {
        await besideVolume(volume, (helper) =>
          script(helper, damaging, 'find "$1" -type f -name "*$2" -delete', [folder, suffix]),
        );
        await restart.run();
      },
      healed: async () =>
        (await besideVolume(volume, (helper) =>
          script(helper, 'look', 'find "$1" -type f -name "*$2" | head -n 1', [folder, suffix]),
        )) === ''
          ? null
          : false,
    },
  };
}

/** Every file with something in it, and how it begins. Environment error when there is none. */
async function listed(helper: Helper, folder: string): Promise<File[]> {
  const lines = (
    await script(helper, 'look', 'find "$1" -type f -size +0c -exec stat -c "%s %n" {} +', [folder])
  )
    .trim()
    .split('\n')
    .filter((line) => line !== '');
  if (lines.length === 0)
    throw new NothingToActOn(`${folder} holds no files`, { expected: 'something to encrypt' });
  const files = lines.map((line) => ({
    bytes: Number(line.slice(0, line.indexOf(' '))),
    path: line.slice(line.indexOf(' ') + 1),
  }));
  const heads = await headsOf(
    helper,
    files.map(({ path }) => path),
  );
  return files.map((file, i) => ({ ...file, head: heads[i]! }));
}

/** The first bytes of each file in hexadecimal; empty for one that is not there. */
async function headsOf(helper: Helper, paths: readonly string[]): Promise<string[]> {
  const heads: string[] = [];
  for (let at = 0; at < paths.length; at += batchFiles) {
    const text = await script(
      helper,
      'look',
      `for f; do test ! -e "$f" || od -An -v -tx1 -N ${headBytes} "$f" | tr -d " \\n"; echo; done`,
      paths.slice(at, at + batchFiles),
    );
    heads.push(...text.split('\n').slice(0, Math.min(batchFiles, paths.length - at)));
  }
  return heads;
}

/**
 * One stream out, through the cipher, and back in: writing is always behind reading, so that a file is read
 * before it is overwritten. Its keystream has one nonce for each batch.
 */
async function overwrite(helper: Helper, files: readonly File[], key: Buffer): Promise<void> {
  const reading = await helper.spawn(['cat', '--', ...files.map(({ path }) => path)]);
  // It reads to the end: who ends with the last file has gone when its input is ended.
  const write =
    'suffix=$1; shift; while [ $# -gt 0 ]; do dd of="$2" bs=64K iflag=fullblock,count_bytes count="$1" conv=notrunc 2>/dev/null; mv "$2" "$2$suffix"; shift 2; done; cat > /dev/null; sync';
  const writing = await helper.spawn([
    'sh',
    '-eu',
    '-c',
    write,
    damaging,
    suffix,
    ...files.flatMap(({ path, bytes }) => [String(bytes), path]),
  ]);
  writing.stdout.resume();
  await pipeline(reading.stdout, createCipheriv('aes-256-ctr', key, randomBytes(16)), writing.stdin);
  for (const { code, stderr } of [await reading.done, await writing.done]) {
    if (code !== 0)
      throw environmentError('the volume was not encrypted whole', {
        found: stderr.trim() || `code ${code}`,
        expected: 'code 0',
      });
  }
}

/**
 * From a container of its own: none of the files is there as it was, and what has their names now begins with
 * other bytes.
 */
async function witness(
  volume: DataFolder,
  files: readonly File[],
  gone: ReturnType<typeof processGone>,
): Promise<Proof | null> {
  if (!gone) return null;
  return besideVolume(volume, async (helper) => {
    const originals = await headsOf(
      helper,
      files.map(({ path }) => path),
    );
    const locked = await headsOf(
      helper,
      files.map(({ path }) => `${path}${suffix}`),
    );
    // A server may have begun anew under the old names: its own new files may well begin like the old ones.
    const same = files.filter(
      ({ head }, i) => locked[i] === '' || (head.length >= shortest && locked[i] === head),
    );
    if (same.length > 0) return null;
    const example = files.findIndex(({ path }) => !path.includes('.muster'));
    const anew = originals.filter((head) => head !== '').length;
    return {
      what: `all ${files.length} files of ${volume.folder} have another name and other content (${files[example]!.path} began ${files[example]!.head.slice(0, 16)}, now ${locked[example]!.slice(0, 16)}); ${gone.what}`,
      facts: { files: files.length, namesInUseAgain: anew, ...gone.facts },
    };
  });
}

/**
 * For the end of a recovery: locked files, and none of what they were called is in use again. A server that
 * began anew uses such names too.
 */
async function onlyLocked({ folder, service }: DataFolder, files: readonly File[]): Promise<Proof | null> {
  return besideVolume({ folder, service }, async (helper) => {
    const inUse = (
      await headsOf(
        helper,
        files.map(({ path }) => path),
      )
    ).some((head) => head !== '');
    const locked = (
      await headsOf(
        helper,
        files.map(({ path }) => `${path}${suffix}`),
      )
    ).filter((head) => head !== '').length;
    if (inUse || locked === 0) return null;
    return {
      what: `${folder} holds ${locked} locked files and none under the names that ${files.length} files had`,
      facts: { locked, files: files.length },
    };
  });
}

export default defineStorageFault({
  about:
    'every file of the data volume is overwritten by its ciphertext and renamed, as ransomware does, and the process ends',
  params: z.strictObject({}),
  losesData: 'all',
  askedAgain: true,
  witnessDeadlineMs: 60_000,
  inject: cipherVolume,
});
