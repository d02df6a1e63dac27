import type { Artifact, RestoreContext } from '../../core/backup.ts';
import type { Helper } from '../../core/service.ts';
import { folderKey } from './empty-folder.ts';
import type { ScratchOptions } from './scratch-server.ts';
import type { Torn } from './torn.ts';
import type { MysqlSite } from './site.ts';
import type { Settings } from './server-settings.ts';

interface DumpFacts {
  settings?: Settings;
  formative?: Settings;
  schemas?: string[];
  persisted?: string[];
  torn?: Torn;
}
export const factsOf = (from: Artifact): DumpFacts => (from.facts ?? {}) as DumpFacts;
/** Points of before the formative settings were noted have some of them among the others. */
const formativeOf = (from: Artifact): Settings => ({ ...factsOf(from).settings, ...factsOf(from).formative });

/** Where a point is loaded: a helper that has an empty data folder ready, if one is kept. */
export const scratchHelper = (site: MysqlSite, from: Artifact): Promise<Helper> =>
  site.service.helper({
    network: 'none',
    volumes: true,
    from: folderKey(site, formativeOf(from)),
  });

export const scratchOptions = (
  site: MysqlSite,
  helper: Helper,
  from: Artifact,
  { signal }: RestoreContext,
): ScratchOptions => ({
  site,
  helper,
  settings: formativeOf(from),
  gtid: formativeOf(from)['gtid_mode'] !== 'OFF',
  signal,
});
