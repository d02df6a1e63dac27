import { readFileSync } from 'node:fs';

const lookEveryMs = 500;
/** npm, a shell of its, and Muster. */
const levels = 3;

/** The npm or npx that Muster was started by; null where nobody can tell. */
function npmAbove(): number | null {
  if (process.env['npm_command'] === undefined) return null;
  let pid = process.ppid;
  for (let level = 0; level < levels && pid > 1; level += 1) {
    try {
      if (/\bnp[mx]\b/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))) return pid;
      pid = Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    } catch {
      return null;
    }
  }
  return null;
}

/**
 * npm passes SIGINT and SIGTERM on; whatever else ends it leaves what it started behind, without a word.
 * Gives how to stop looking.
 */
export function whenNpmIsGone(act: () => void): () => void {
  const npm = npmAbove();
  if (npm === null) return () => undefined;
  const timer = setInterval(() => {
    if (lives(npm)) return;
    clearInterval(timer);
    act();
  }, lookEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
