import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecoveryPoint } from '../../core/recovery-point.ts';
import type { Workbench } from './workbench.ts';

/** A dump as it is put into a repository, and how to ask what lies in the stores then. */
export const sql = Buffer.from(
  Array.from({ length: 40_000 }, (_, id) => `INSERT INTO users VALUES (${id},'user-${id}@example');\n`).join(
    '',
  ),
);
export const files = {
  'dump.sql': sql,
  'grants/roles.sql': Buffer.from('GRANT ALL'),
  'empty.sql': Buffer.alloc(0),
};

export const points = (bench: Workbench, store = 'one'): Promise<RecoveryPoint[]> =>
  bench.repository.points('mysql', 'dump', store);

export async function everything(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
