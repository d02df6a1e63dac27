import type { Artifact } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import { dumpName } from './dump.ts';
import { inspectDump } from './dump-file.ts';
import type { MysqlSite } from './site.ts';

/** Everything that can be known to be wrong before anything is destroyed. */
export async function assertUsable(site: MysqlSite, from: Artifact): Promise<void> {
  const file = from.files.find((each) => each.name === dumpName);
  if (!file)
    throw environmentError('the recovery point holds no dump', {
      found: from.files.map((each) => each.name).join(', ') || 'no file',
      expected: dumpName,
    });
  const head = await inspectDump(file.path, (from.facts as { sha256?: string } | null)?.sha256 ?? null);
  const wanted = from.position['gtid'] ?? '';
  const { gtidAt, gtids } = site.product;
  const inHead = gtidAt === null ? gtids.set(head.gtid ?? '').toString() : placeOf(head);
  const inPoint = gtidAt === null ? gtids.set(wanted).toString() : placeOf(from.position);
  if (inHead !== inPoint)
    throw environmentError('the dump is not the one of its recovery point', {
      found: `${gtidAt === null ? 'GTIDs' : 'the log at'} ${inHead || 'none'}`,
      expected: `${gtidAt === null ? 'GTIDs' : 'the log at'} ${inPoint || 'none'}`,
    });
  const [of, to] = [from.server, site.server].map(
    (text) => (/(\d+)\.(\d+)/.exec(text) ?? []).slice(1).map(Number) as [number, number],
  );
  if (of![0] > to![0] || (of![0] === to![0] && of![1] > to![1])) {
    throw environmentError('the dump was made by a newer server', {
      found: from.server,
      expected: `${site.server} or older`,
    });
  }
}

/** Where a log stood, in words; empty where there was none. */
const placeOf = ({ file, position }: { file?: string | null; position?: string | null }): string =>
  file ? `${file}:${position}` : '';
