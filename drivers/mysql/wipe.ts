import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { frozenAndKilled } from '../../faults/frozen.ts';
import { processGone, startAgain } from '../../faults/process.ts';
import { emptyFolder } from '../../faults/volume.ts';
import { askForLostTables } from './lost-tables.ts';
import { assertOwnData } from './own-data.ts';
import type { MysqlSite } from './site.ts';
import { withSession } from './session.ts';

/**
 * The data volume is emptied and the server killed. It is frozen in between: a server that sees its files go
 * may die by itself, half-way through and in its own words. Restart policies bring up another, empty server.
 */
export async function wipe(site: MysqlSite): Promise<ActiveFault> {
  await assertOwnData(site);
  const before = await site.service.state();
  const identity = await serverIdentity(site);
  const asked = await askForLostTables(site);
  await frozenAndKilled(site.service, () => emptyFolder(site.service, site.dataFolder));
  return {
    facts: { folder: site.dataFolder, server: identity, pid: before.pid },
    witness: async (): Promise<Proof | null> => {
      const gone = processGone(before, await site.service.state());
      const lost = gone && (await identityLost(site, identity));
      return lost ? { what: `${lost}; ${gone.what}`, facts: { ...gone.facts, server: identity } } : null;
    },
    ...asked,
    undo: { ...startAgain(site.service, 'undo wipe of'), healed: async () => null },
  };
}

const serverIdentity = (site: MysqlSite): Promise<string> =>
  withSession(
    site,
    async ({ rows }) => (await rows<{ uuid: string }>('SELECT @@server_uuid AS uuid'))[0]!.uuid,
  );

/**
 * A server names itself in a file of its data folder: when that file is gone or names another, so is the
 * data. Looked at in a container of our own, which sees the volume whether the service runs or not.
 */
async function identityLost(site: MysqlSite, before: string): Promise<string | null> {
  const helper = await site.service.helper({ network: 'none', volumes: true });
  try {
    const { stdout } = await helper.exec([
      'sh',
      '-c',
      'cat "$1/auto.cnf" 2>/dev/null; true',
      'identity',
      site.dataFolder,
    ]);
    if (stdout.includes(before)) return null;
    const now = /server-uuid=(\S+)/.exec(stdout)?.[1];
    return now
      ? `the volume holds another server's data (${now}, was ${before})`
      : `the volume does not hold server ${before} any more`;
  } finally {
    await helper.remove();
  }
}
