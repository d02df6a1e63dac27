import type { ExistingPlan } from '../../../core/existing-plan.ts';
import type { Recognised, Said } from '../../../core/existing.ts';
import { isTar } from '../../existing-folder.ts';
import { complaintIn, isNewer, knownAs, notOurs } from '../../existing-text.ts';

const ownHead = /^-- (?:MySQL|MariaDB) dump/m;

/** Both began as one: older tools of MariaDB call theirs a dump of MySQL, of a distribution of MariaDB. */
const productOf = (text: string): string => (/MariaDB/.test(text.slice(0, 1024)) ? 'MariaDB' : 'MySQL');

/** What the tool says in the comments that it begins with. */
export function saidIn(text: string): Said {
  const tool = /^-- (?:MySQL|MariaDB) dump (.*)$/m.exec(text)?.[1]?.trim();
  const server = /^-- Server version\s+(\S+)/m.exec(text)?.[1];
  const database = /^-- Host: .*?\bDatabase: *(.*)$/m.exec(text)?.[1]?.trim();
  return {
    tool: tool === undefined ? null : `${productOf(text) === 'MySQL' ? 'mysqldump' : 'mariadb-dump'} ${tool}`,
    server: server === undefined ? null : `${productOf(text)} ${server}`,
    database: database || null,
    madeAt: null,
  };
}

/** When it ended, by its end mark: in the zone of where it ran, which it does not say. */
export const endedIn = (end: string): string | null =>
  /^-- Dump completed on ([\d-]+ +[\d:]+)/.exec(end)?.[1]?.replace(/ +/, ' ') ?? null;

/** SQL of any tool: it makes a table, or fills one, before long. */
const isSql = (text: string): boolean =>
  !text.includes('\0') &&
  /\b(?:CREATE\s+(?:TABLE|DATABASE)|INSERT\s+INTO|REPLACE\s+INTO|DROP\s+TABLE)\b/i.test(text);

/** `server`: of the sandbox, `MySQL 9.7.4`. */
export function recogniseDump(
  head: Buffer,
  { server, product }: { server: string; product: string },
  { database }: ExistingPlan,
): Recognised {
  if (isTar(head)) return { is: 'ours', format: 'data folder', said: saysNothing };
  const wanted = `a dump of ${product} in SQL`;
  const text = head.toString('latin1');
  const isOwn = ownHead.test(text.slice(0, 4096));
  const foreign = isOwn ? null : knownAs(head);
  if (foreign !== null || (!isOwn && (complaintIn(head) !== null || !isSql(text))))
    return notOurs(head, wanted);
  if (isOwn && productOf(text) !== product)
    return { is: 'other', why: `it is a dump of ${productOf(text)}, and not ${wanted}` };
  const said = saidIn(text);
  const isOther = database !== undefined && said.database !== null && said.database !== database;
  if (isOther && !makesDatabases(text)) return { is: 'other', why: isOfAnother(said.database!, database) };
  const [here, there] = [server, said.server ?? ''].map((one) => /[\d.]+/.exec(one)?.[0] ?? '');
  if (there !== '' && isNewer(there!, here!, 2))
    return {
      is: 'broken',
      why: `it was made on ${product} ${there}, and the server of the compose file is ${here}: an older server is not made to load it`,
    };
  return { is: 'ours', format: isOwn ? 'dump' : 'sql', said };
}

export const isOfAnother = (said: string, wanted: string): string =>
  `it is a dump of database ${said}, and not of ${wanted}`;

/** Of `--databases crm shop` its head names the first alone: which others come, is seen once it is loaded. */
const makesDatabases = (text: string): boolean => /^(?:CREATE DATABASE |-- Current Database: )/m.test(text);

const saysNothing: Said = { tool: null, server: null, database: null, madeAt: null };
