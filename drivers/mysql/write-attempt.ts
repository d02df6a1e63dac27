import { randomBytes } from 'node:crypto';
import { messageOf } from '../../core/errors.ts';
import { answered, type WriteAttempt } from '../fencing.ts';
import type { MysqlSite } from './site.ts';
import { quoted, serverCode, withSession } from './session.ts';

const attemptMs = 5_000;

/**
 * The server's refusal of a write because it is read-only. It is certain: what it refuses at COMMIT it has
 * rolled back.
 */
export const isReadOnlyRefusal = (error: unknown): boolean =>
  serverCode(error) === 'ER_OPTION_PREVENTS_STATEMENT' && /read-only/.test(messageOf(error));

/**
 * Tries a real write at the server itself, with the privileges that read_only does not stop. One that is
 * accepted is taken back.
 */
export async function attemptWrite(site: MysqlSite): Promise<WriteAttempt> {
  const table = `muster_attempt_${randomBytes(4).toString('hex')}`;
  const name = `${quoted(site.config.database)}.${quoted(table)}`;
  const attempt = withSession(site, async ({ rows }): Promise<WriteAttempt> => {
    try {
      await rows(`CREATE DATABASE IF NOT EXISTS ${quoted(site.config.database)}`);
      await rows(`CREATE TABLE ${name} (id INT PRIMARY KEY)`);
    } catch (error) {
      if (isReadOnlyRefusal(error)) return { write: 'refused', said: messageOf(error) };
      throw error;
    }
    await rows(`DROP TABLE ${name}`);
    return { write: 'accepted' };
  });
  return answered(site, attemptMs, attempt).catch((error: unknown) => ({
    write: 'unanswered',
    said: messageOf(error),
  }));
}
