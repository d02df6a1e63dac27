import { pollUntil } from '../../core/clock.ts';
import { environmentError } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import { startAgain } from '../../faults/process.ts';
import { pidFile } from './scratch-server.ts';
import type { Restoring } from './site.ts';
import type { MysqlSite } from './site.ts';

const seenDeadlineMs = 15_000;

export function createRestoring(site: MysqlSite, helper: Helper): Restoring {
  let seen: boolean | null = null;
  const alive = async (pid: string): Promise<boolean> => {
    const { code } = await helper.exec([
      'sh',
      '-c',
      'state=$(cut -d " " -f 3 "/proc/$1/stat" 2>/dev/null) && test "$state" != Z',
      'look',
      pid,
    ]);
    return code === 0;
  };
  return {
    crash: async () => {
      seen = false;
      const { code, stdout, stderr } = await helper.exec([
        'sh',
        '-c',
        `pid=$(cat ${pidFile}) && kill -KILL "$pid" && echo "$pid"`,
      ]);
      if (code !== 0) {
        seen = null;
        throw environmentError(`nothing of ${site.service.name} runs that could crash`, {
          found: stderr.trim() || `code ${code}`,
          expected: 'the server of a restore',
        });
      }
      const pid = stdout.trim();
      return {
        facts: { pid: Number(pid), of: 'the server that the restore loads into' },
        witness: async () => {
          if (await alive(pid)) return null;
          seen = true;
          return {
            what: `process ${pid}, the server that the restore loads into, is gone`,
            facts: { pid: Number(pid) },
          };
        },
        undo: startAgain(site.service, 'undo crash of'),
      };
    },
    settled: async () => {
      if (seen === false)
        await pollUntil(site.clock, { everyMs: 20, deadlineMs: seenDeadlineMs }, async () => seen === true);
    },
  };
}
