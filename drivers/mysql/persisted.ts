import { environmentError } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import type { MysqlSite } from './site.ts';
import type { Session } from './session.ts';

/**
 * Where the server keeps what SET PERSIST was told: in the data folder, in no dump, and read at start over
 * the command line.
 */
export const persistedName = 'mysqld-auto.cnf';

/**
 * The file as it is, or null where nothing was ever persisted. Environment error when it is there and cannot
 * be read.
 */
export async function readPersisted(site: MysqlSite, { rows }: Session): Promise<string | null> {
  if (!site.product.persists) return null;
  const { code, stdout, stderr } = await site.service.exec(['cat', `${site.dataFolder}/${persistedName}`], {
    deadlineMs: 30_000,
  });
  if (code === 0) return stdout === '' ? null : stdout;
  const kept = await rows<{ name: string }>(
    'SELECT variable_name AS name FROM performance_schema.persisted_variables',
  );
  if (kept.length === 0) return null;
  throw environmentError(
    `the settings that ${site.service.name} persists cannot be read, and no dump holds them`,
    {
      found: stderr.trim() || `code ${code}`,
      expected: `${kept.map(({ name }) => name).join(', ')} in ${persistedName}`,
    },
  );
}

/** Names and values in a text of that file, whatever group they are in. Null for a text that is none. */
export function persistedIn(text: string): Record<string, string> | null {
  const found: Record<string, string> = {};
  const walk = (node: object): void => {
    for (const [name, inner] of Object.entries(node)) {
      if (typeof inner !== 'object' || inner === null) continue;
      const { Value: value } = inner as { Value?: unknown };
      if (value === undefined) walk(inner);
      else found[name] = String(value);
    }
  };
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return null;
    walk(parsed);
    return found;
  } catch {
    return null;
  }
}

/**
 * `there` is what the folder held, `wanted` what the recovery point holds: in words, what of it is another
 * now.
 */
export function persistedDifferences(
  there: Record<string, string>,
  wanted: Record<string, string>,
): string[] {
  const names = [...new Set([...Object.keys(there), ...Object.keys(wanted)])].sort();
  return names
    .filter((name) => there[name] !== wanted[name])
    .map(
      (name) =>
        `${name}: ${there[name] ?? 'not persisted'} in the folder, ${wanted[name] ?? 'not persisted'} in the recovery point`,
    );
}

/** As a file of the server's own, in the folder of a server that does not run. */
export async function writePersisted(
  helper: Helper,
  { dataFolder, owner }: Pick<MysqlSite, 'dataFolder' | 'owner'>,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const script = 'umask 027 && cat > "$1"';
  const { code, stderr } = await helper.exec(
    ['sh', '-c', script, 'persist', `${dataFolder}/${persistedName}`],
    { user: owner, stdin: text, signal },
  );
  if (code !== 0)
    throw environmentError(`${persistedName} cannot be put back`, {
      found: stderr.trim() || `code ${code}`,
      expected: 'code 0',
    });
}
