import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import type { Sink } from '../../core/backup.ts';
import type { Shell } from '../../core/service.ts';
import { fetchFile } from '../../drivers/redis/transfer.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-transfer-'));
const path = join(folder, 'dump.rdb');
const bytes = 300_000;
writeFileSync(path, Buffer.alloc(bytes, 'r'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Processes of this machine, in the place of those in a container; `script` runs where `head` would. */
const shellWith = (script: string): Shell => ({
  exec: () => Promise.reject(new Error('nothing is asked')),
  spawn: async () => {
    const child = spawn('sh', ['-c', script], { stdio: 'pipe' });
    const done = once(child, 'close').then(([code]) => ({
      code: (code as number | null) ?? 137,
      stderr: '',
    }));
    return { stdin: child.stdin, stdout: child.stdout, done, kill: async () => void child.kill('SIGKILL') };
  },
});

const fetched = async (script: string): Promise<number> => {
  let kept = 0;
  const sink: Pick<Sink, 'put'> = {
    put: async (_name, content) => {
      kept = (await buffer(content)).length;
      return { plainBytes: kept, sha256: '' };
    },
  };
  const file = { name: 'dump.rdb', path, bytes };
  await fetchFile(shellWith(script), sink as Sink, file, () => undefined, new AbortController().signal);
  return kept;
};

test('a file that was read to its end is kept', async () => {
  expect(await fetched(`head -c ${bytes} ${path}`)).toBe(bytes);
});

test.each([
  [
    'whose reader was killed in the middle',
    `head -c 100000 ${path}; kill -9 $$`,
    /100000 bytes, exit code 137/,
  ],
  ['that is shorter than it was', `head -c 299999 ${path}`, /299999 bytes, exit code 0/],
  ['whose reader was killed behind its last byte', `head -c ${bytes} ${path}; kill -9 $$`, /exit code 137/],
])('one %s is not, however much of it came', async (_, script, found) => {
  const refused = { message: `${path} was not read whole`, found: expect.stringMatching(found) as string };
  await expect(fetched(script)).rejects.toMatchObject(refused);
});
