import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Another implementation needs another language: Python with pip, from Debian's packages where they are not
 * there. Throws elsewhere, with what to install.
 */
export async function ensurePython(): Promise<void> {
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
