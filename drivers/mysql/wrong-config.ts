import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { processGone } from '../../faults/process.ts';
import { isReady } from './server.ts';
import type { MysqlSite } from './site.ts';

/**
 * Read at start by the official image's my.cnf and by Debian's: `!includedir /etc/mysql/conf.d/`, in the
 * order of the names.
 */
const path = '/etc/mysql/conf.d/zz-muster.cnf';
const setting = 'muster_wrong_setting';
const wrong = `[mysqld]\n${setting} = 1\n`;
/** Nothing can be removed from a container that does not run, and a file of comments says nothing. */
const harmless = '# Left by a drill: nothing is set here.\n';

/**
 * A setting that mysqld does not know, in a file that it reads at start, and the process killed: with every
 * start it ends with an error, and the restart policy tries for ever. The witness is the engine's account of
 * the process and the server's own words in its log. Refused, with the reason, where the folder is mounted
 * from elsewhere.
 */
export async function wrongConfig(site: MysqlSite): Promise<ActiveFault> {
  const { service } = site;
  const before = await service.state();
  await service.putFile(path, wrong);
  await service.signalFromHost('SIGKILL');
  const seen = async (): Promise<Proof | null> => {
    const gone = processGone(before, await service.state());
    if (!gone || (await isReady(site))) return null;
    const complaint = (await service.logs(40)).split('\n').findLast((line) => line.includes(setting));
    return complaint
      ? {
          what: `${gone.what}; the server says: ${complaint.trim().slice(-200)}`,
          facts: { ...gone.facts, complaint: complaint.trim() },
        }
      : null;
  };
  return {
    facts: { path, setting, pid: before.pid },
    witness: seen,
    stillThere: seen,
    undo: {
      name: `undo wrong-config of ${service.name}`,
      deadlineMs: 90_000,
      run: () => mendConfig(site),
      healed: () => isReady(site),
    },
  };
}

/**
 * The configuration as the container was made with it, and the server up on it: stopped first, so as not to
 * wait for the policy's next try.
 */
export async function mendConfig(site: MysqlSite): Promise<void> {
  const { service } = site;
  await service.putFile(path, harmless);
  if (await isReady(site)) return;
  await service.stop(0);
  await service.start();
}
