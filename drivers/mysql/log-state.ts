import { environmentError, messageOf } from '../../core/errors.ts';
import { identityOf } from './identity.ts';
import type { MysqlSite } from './site.ts';
import { withSession } from './session.ts';

/** A newest file that is longer than this is not followed from its beginning where no base needs it. */
const longBytes = 1024 * 1024;

/**
 * The file of the base; without one the newest. A long one is ended first: what was written before any base
 * is in every base, and would be fetched, stored and read again for nothing. A base that was begun names a
 * file that must be followed from its beginning.
 */
export async function whereToBegin(
  site: MysqlSite,
  named: string | undefined,
): Promise<{ uuid: string; files: string[]; first: string }> {
  const state = await logState(site);
  const newest = state.files.at(-1)!;
  if (named !== undefined || state.lastBytes < longBytes || site.baseBegun)
    return { ...state, first: named ?? newest };
  try {
    await withSession(site, ({ rows }) => rows('FLUSH BINARY LOGS'));
    // Not the newest of them: a dump may have begun another one meanwhile.
    return { ...(await logState(site)), first: following(newest) };
  } catch (error) {
    site.note(
      `the log of ${site.component} is followed from the beginning of ${newest}: ${messageOf(error)}`,
    );
    return { ...state, first: newest };
  }
}

/** Rejects where the server writes no log. */
export async function logState(
  site: MysqlSite,
  connectMs?: number,
): Promise<{ uuid: string; files: string[]; lastBytes: number }> {
  return withSession(
    site,
    async (session) => {
      const { rows } = session;
      const [server] = await rows<{ log: string | number }>(site.product.logging);
      if (String(server!.log) !== '1')
        throw environmentError(`${site.service.name} writes no binary log`, {
          found: 'log_bin=OFF',
          expected: 'log_bin=ON',
        });
      const files = await rows<{ Log_name: string; File_size: string | number }>('SHOW BINARY LOGS');
      return {
        uuid: await identityOf(site, session),
        files: files.map((row) => row.Log_name),
        lastBytes: Number(files.at(-1)!.File_size),
      };
    },
    connectMs,
  );
}

/** `binlog.000009` is followed by `binlog.000010`. */
export const following = (file: string): string =>
  file.replace(/\d+$/, (digits) => String(Number(digits) + 1).padStart(digits.length, '0'));
