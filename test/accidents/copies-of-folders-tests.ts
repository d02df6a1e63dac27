import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { muster, startMuster } from '../support/muster.ts';
import { copying } from './accident-cases.ts';
import { accidentFolder, bundlesIn, killed, leftOf } from './workbench.ts';

const largeBytes = 240 * 1024 ** 2;
/**
 * Just what may be copied: large enough that a kill finds it half copied; it has holes, so that it takes no
 * room on this side.
 */
const withFolders = (): string => {
  const folder = accidentFolder((file, text) =>
    file === 'compose.yml'
      ? text.replace(
          'volumes: [redis-data:/data]',
          'volumes: [redis-data:/data, "./uploads:/uploads", "./note:/note"]',
        )
      : text,
  );
  mkdirSync(join(folder, 'uploads/deep'), { recursive: true });
  writeFileSync(join(folder, 'uploads/deep/picture'), 'a picture', { mode: 0o640 });
  writeFileSync(join(folder, 'uploads/large'), '');
  truncateSync(join(folder, 'uploads/large'), largeBytes);
  writeFileSync(join(folder, 'note'), 'a note');
  return folder;
};

/** Names, owners, modes, sizes, times of change and the content of what is small. */
function digestOf(folder: string): string {
  const hash = createHash('sha256');
  for (const name of (readdirSync(folder, { recursive: true }) as string[])
    .filter((one) => /^(uploads|note)/.test(one))
    .sort()) {
    const { uid, gid, mode, size, mtimeMs, ctimeMs } = lstatSync(join(folder, name));
    hash.update(JSON.stringify([name, uid, gid, mode, size, mtimeMs, ctimeMs]));
    if (lstatSync(join(folder, name)).isFile() && size < largeBytes)
      hash.update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex');
}

describe('kill -9 while folders of the host are copied, then `muster gc`', { concurrent: true }, () => {
  test.each(copying)('%s: nothing is left, and the folder is as it was', async (_when, said) => {
    const folder = withFolders();
    const before = digestOf(folder);
    const drill = startMuster(['run', 'scenario.yaml'], { cwd: folder });
    await drill.said(said);
    await killed(drill);
    const [bundle] = bundlesIn(folder);
    const kinds = (await leftOf([bundle!])).map((each) => each.split(' ')[0]);
    expect(kinds).toEqual(expect.arrayContaining(['container', 'volume', 'image']));
    const { code, stdout } = await muster(['gc']);
    expect(code, stdout).toBe(0);
    expect(await leftOf([bundle!])).toEqual([]);
    expect(digestOf(folder)).toBe(before);
  });
});
