import { createReadStream } from 'node:fs';
import type { Artifact, BackupMethod, RestoreContext } from '../../core/backup.ts';
import { environmentError, inputError } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import type { Json } from '../../core/timeline.ts';
import { readUntil } from '../../core/until.ts';
import { assertOwnData } from './own-data.ts';
import { planReplay, type LogBase, type ReplayPlan } from './replay-plan.ts';
import { factsOf, scratchHelper, scratchOptions } from './point.ts';
import { fence, loadBase, open } from './restore.ts';
import { runningScratch, startScratch, type ScratchServer } from './scratch-server.ts';
import { stopsOf } from './stops.ts';
import { tornAfterReplay } from './torn.ts';
import type { MysqlSite } from './site.ts';

const folder = '/tmp/muster-replay';

/**
 * Applies a followed log on top of a restored base, up to the target, with the service stopped. All files go
 * through one mysqlbinlog and one client, because session state spans them. If clients were let in since the
 * base was restored, the base is loaded again first: what they wrote belongs to a history that the log knows
 * nothing of. The facts say what was thrown away. A base without GTIDs says where the log stood, and the log
 * is read from there on.
 */
export const replayBinlog =
  (site: MysqlSite): NonNullable<BackupMethod['replay']> =>
  async (from, until, base, context): Promise<Json> => {
    await assertOwnData(site);
    const { gtids } = site.product;
    const baseGtids = base.position['gtid'] ?? '';
    const plan = await context.stage('replay', 'read the log', () =>
      planReplay(from.files, logBase(site, base), readUntil(stopsOf(gtids), until), gtids),
    );
    await fence(site, context, 'clean');
    const left = await takeOpen(site, base);
    const helper = left ?? (await scratchHelper(site, base));
    let discarded: string | null = null;
    const gtid = gtids.after(baseGtids, plan.gtids, plan.lasts);
    let uuid = '';
    try {
      await context.stage('replay', `apply ${plan.transactions} transactions`, async () => {
        const on = await serverOnBase(site, helper, left !== null, base, context);
        ({ discarded, uuid } = on);
        const given =
          plan.transactions > 0
            ? await on.server.replay(await bring(helper, plan, context), {
                excluded: baseGtids,
                start: plan.start,
              })
            : 0;
        if (plan.start !== null) assertAllGiven(given, plan);
        // What it does not know by itself it is told, so that it goes on to count from there.
        if (!gtids.tracked && plan.transactions > 0)
          await on.server.sql(site.product.scratch.afterLoad(gtid));
        await assertReplayed(site, on.server, plan, gtid);
        await on.server.stop();
        const end = plan.files.at(-1);
        const reached = end ? { file: end.name, position: end.bytes } : null;
        site.restored.torn = tornAfterReplay(
          site.restored.torn,
          reached,
          factsOf(base).settings?.['binlog_format'],
        );
      });
    } catch (error) {
      await helper.remove();
      throw error;
    }
    // Its server has ended: what is left of it keeps nobody's data.
    const removing = helper.remove();
    removing.catch(() => undefined);
    const settingsChanged = await open(site, { from: base, uuid, gtid }, context).finally(() => removing);
    return {
      transactions: plan.transactions,
      last: plan.last,
      stoppedBefore: plan.stoppedBefore,
      cutBytes: plan.cutBytes,
      files: plan.files.map(({ name, bytes }) => ({ name, bytes })),
      gtid,
      start: plan.start,
      discardedSinceBase: discarded,
      serverOfTheBase: left !== null,
      settingsChanged,
    };
  };

function logBase({ product: { gtids } }: MysqlSite, { point, position }: Artifact): LogBase {
  const { file, gtid } = position;
  const at = file === undefined ? null : { file, position: Number(position['position']) };
  if (gtid !== undefined && gtids.tracked) return { byPlace: false, gtids: gtids.set(gtid), at };
  if (at) return { byPlace: true, gtids: gtid === undefined ? null : gtids.set(gtid), at };
  throw inputError('a log can be replayed only on a base that says where the log stood', {
    found: `${point} with neither GTIDs nor a position`,
    expected: 'log_bin=ON when the base was taken',
  });
}

/**
 * The helper in which the server still runs that the base was loaded into. Null where there is none, or where
 * the service was started since.
 */
async function takeOpen(site: MysqlSite, { point }: Artifact): Promise<Helper | null> {
  const { open, loaded } = site;
  if (!open) return null;
  site.open = undefined;
  if (loaded?.point === point && loaded.startedAt === (await site.service.state()).startedAt) return open;
  await open.remove();
  return null;
}

/** A server whose data is the base and nothing else. `left`: it runs since the base was loaded into it. */
async function serverOnBase(
  site: MysqlSite,
  helper: Helper,
  left: boolean,
  base: Artifact,
  context: RestoreContext,
): Promise<{ server: ScratchServer; uuid: string; discarded: string | null }> {
  const options = scratchOptions(site, helper, base, context);
  const there = left ? runningScratch(options) : await startScratch(options);
  const now = await there.state();
  const discarded = await onTop(site, now.executed, base);
  if (discarded === null) return { server: there, uuid: now.uuid, discarded };
  await there.stop();
  site.note(`${site.service.name} was written to after its base was restored: the base is loaded again`);
  const { server, uuid } = await loadBase(site, helper, base, context);
  return { server, uuid, discarded };
}

/**
 * What the server holds on top of the base; null when nothing. Without GTIDs all that can be known is whether
 * it was started since.
 */
async function onTop(
  { service, loaded, product: { gtids } }: MysqlSite,
  executedNow: string,
  { point, position }: Artifact,
): Promise<string | null> {
  if (position['gtid'] === undefined || !gtids.tracked)
    return loaded?.point === point && loaded.startedAt === (await service.state()).startedAt
      ? null
      : 'all since the base, of which no GTIDs tell';
  const wanted = gtids.set(position['gtid']);
  const executed = gtids.set(executedNow);
  return executed.toString() === wanted.toString() ? null : executed.without(wanted).toString();
}

/**
 * Brings the log's files into the helper, the last one only as far as it is to be read. Gives their paths
 * there.
 */
async function bring(
  helper: Helper,
  plan: ReplayPlan,
  { signal, progress }: RestoreContext,
): Promise<string[]> {
  const total = plan.files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const { name, path, bytes } of plan.files) {
    const { code, stderr } = await helper.exec(['sh', '-c', bringScript, 'bring', folder, name], {
      stdin: createReadStream(path, { end: bytes - 1 }),
      signal,
    });
    if (code !== 0)
      throw environmentError(`${name} cannot be brought to the server`, {
        found: stderr.trim() || `code ${code}`,
        expected: 'room in the container',
      });
    done += bytes;
    progress(done, total, 'bytes');
  }
  return plan.files.map(({ name }) => `${folder}/${name}`);
}

const bringScript = 'umask 077; mkdir -p "$1" && cat > "$1/$2"';

/** Without GTIDs the server cannot say what it executed: what was given to it is counted. */
function assertAllGiven(given: number, { transactions, last }: ReplayPlan): void {
  if (given === transactions) return;
  throw environmentError('the replay did not do what was planned', {
    found: `${given} transactions`,
    expected: `${transactions} transactions, the last one at ${last?.gtid ?? 'the base'}`,
    hint: 'the log was not read to where it was to be read',
  });
}

async function assertReplayed(
  { product: { gtids } }: MysqlSite,
  server: ScratchServer,
  plan: ReplayPlan,
  gtid: string,
): Promise<void> {
  const executed = gtids.set(await server.sql(gtids.executed));
  const wanted = gtids.set(gtid);
  if (executed.toString() === wanted.toString()) return;
  throw environmentError('the replay did not do what was planned', {
    found: `missing: ${wanted.without(executed).toString() || 'none'}; too much: ${executed.without(wanted).toString() || 'none'}`,
    expected: `${plan.transactions} transactions on top of the base`,
  });
}
