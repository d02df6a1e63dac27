import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Another implementation needs another language: Python with pip, from Debian's packages where they are not
 * there. Throws elsewhere, with what to install.
 */
async function ensurePython(): Promise<void> {
  const there = await run('python3', ['-m', 'pip', '--version']).then(
    () => true,
    () => false,
  );
  if (there) return;
  try {
    await run('apt-get', ['update']);
    await run('apt-get', ['install', '--yes', '--no-install-recommends', 'python3', 'python3-pip'], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    throw new Error('this test opens a backup with the Python SDK: install python3 and pip', {
      cause: error,
    });
  }
}

const cache = join(import.meta.dirname, '../../node_modules/.cache/python');

/**
 * The folder of a package with all that it needs, installed once for this Python, and there only when it is
 * whole.
 */
export async function pythonPackage(name: string, version: string): Promise<string> {
  await ensurePython();
  const { stdout } = await run('python3', ['-c', 'import sys; print(sys.implementation.cache_tag)']);
  const folder = join(cache, `${name}-${version}-${stdout.trim()}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const partial = mkdtempSync(join(cache, 'partial-'));
  try {
    const quietly = ['--quiet', '--disable-pip-version-check', '--no-warn-conflicts'];
    await run('python3', ['-m', 'pip', 'install', ...quietly, '--target', partial, `${name}==${version}`]);
    // Another run may have been faster.
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}
