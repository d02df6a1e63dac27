import { createHash } from 'node:crypto';
import type { Artifact, BackupMethod } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { ExternalPayload } from '../../core/recovery-point.ts';
import type { MemoryConfig } from './config.ts';
import { contentOf, entriesOf, loadCopy, serverName } from './copy.ts';
import type { Database } from './database.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The same copy as `copy` takes, which the database keeps by itself: nobody else has more than its name. */
export const byReference = (database: Database, config: MemoryConfig): BackupMethod => ({
  backup: async (_to, { now }) => {
    await database.operate(() => undefined);
    const atMs = now();
    const position = { history: database.history, sequence: String(database.sequence) };
    const content = config.bad.kept === 'empty' ? '' : contentOf(database, config).join('');
    const reference = `copy ${database.kept.size + 1}`;
    if (config.bad.kept !== 'gone')
      database.kept.set(reference, config.bad.kept === 'altered' ? otherThan(content) : content);
    const kept = { reference, bytes: Buffer.byteLength(content), sha256: sha256(content) };
    return { atMs, position, tool: 'kept 1', server: serverName, kept };
  },
  restore: async (from, context) => {
    const content = find(database, from);
    const entries = await entriesOf(content.split('\n').slice(0, -1));
    return loadCopy(database, entries, from, context);
  },
});

/** Whole, and wrong: the last line but the end mark is left out, and the end mark knows of it. */
function otherThan(content: string): string {
  const lines = content.split('\n').slice(0, -2);
  return [...lines.slice(0, -1), `-- complete: ${lines.length - 1}`, ''].join('\n');
}

/** What lies under the reference, as it was when it was taken. */
function find(database: Database, { point, external }: Artifact): string {
  const { reference, sha256: expected } = expectReference(point, external);
  const content = database.kept.get(reference);
  if (content === undefined)
    throw environmentError(`the database keeps no ${reference}`, {
      found: [...database.kept.keys()].join(', ') || 'no copies',
      expected: reference,
    });
  const found = sha256(content);
  if (found !== expected)
    throw environmentError(`${reference} is not what recovery point ${point} was`, {
      found: `SHA-256 ${found}`,
      expected: `SHA-256 ${expected}`,
      hint: 'Nothing was changed. Restore from another copy.',
    });
  return content;
}

function expectReference(point: string, external: ExternalPayload | undefined): ExternalPayload {
  if (external) return external;
  throw environmentError(`recovery point ${point} does not say which copy it is`, {
    found: 'files',
    expected: 'a reference',
  });
}
