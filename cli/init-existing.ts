import { createReadStream, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dumpEdgeBytes } from '../core/dump-shape.ts';
import { existingReader } from '../stores/existing/reader.ts';
import type { Recognised } from './init-recognise.ts';
import { fileAt } from './init-text.ts';
import { registries } from './registries.ts';

const folders = '{,backup/,backups/,dump/,dumps/,data/backups/,var/backups/}';
const endings = '{sql,dump,rdb}';
const packed = '{,.gz,.zst,.xz,.bz2,.age,.enc}';

/** Backups in the repository that a restore test could begin with. */
export interface Dumps {
  component: string;
  /** Pattern from the project's folder. */
  pattern: string;
  newest: string;
  about: string;
}

/** Looks into the newest of each kind, and no further: what no driver knows by its first bytes is left. */
export async function dumpsOf(at: string, data: readonly Recognised[]): Promise<Dumps[]> {
  const found = globSync(`${folders}*.${endings}${packed}`, { cwd: at }).filter(
    (path) => fileAt(join(at, path)) !== null,
  );
  const groups = new Map<string, string[]>();
  for (const path of found) {
    const ending = /\.(?:sql|dump|rdb)(?:\.\w+)?$/.exec(path)![0];
    const pattern = `${dirname(path) === '.' ? '' : `${dirname(path)}/`}*${ending}`;
    groups.set(pattern, [...(groups.get(pattern) ?? []), path]);
  }
  const dumps: Dumps[] = [];
  for (const [pattern, paths] of groups) {
    const newest = paths
      .map((path) => ({ path, ms: fileAt(join(at, path))?.mtimeMs ?? 0 }))
      .sort((a, b) => b.ms - a.ms)[0]!;
    const head = await headOf(join(at, newest.path));
    const fitting = data.filter(({ driver }) => aboutOf(driver!, head) !== null);
    const [one] = fitting;
    if (!one || fitting.length > 1 || dumps.some(({ component }) => component === one.component)) continue;
    dumps.push({
      component: one.component,
      pattern,
      newest: newest.path,
      about: aboutOf(one.driver!, head)!,
    });
  }
  return dumps;
}

function aboutOf(driver: string, head: Buffer): string | null {
  const { dumps = [], existing } = registries.drivers[driver as keyof typeof registries.drivers] ?? {};
  const first = head.subarray(0, dumpEdgeBytes).toString('latin1');
  if (driver === 'postgres' && first.startsWith('PGDMP')) return 'an archive of pg_dump';
  return existing ? (dumps.find(({ begins }) => begins.test(first))?.about ?? null) : null;
}

/** Empty where it cannot be opened: it is encrypted, or no backup. */
async function headOf(path: string): Promise<Buffer> {
  const candidate = {
    name: path,
    bytes: fileAt(path)?.bytes ?? 0,
    modified: null,
    open: async () => createReadStream(path),
  };
  const over = new AbortController();
  try {
    const opened = await existingReader.open(candidate, null, over.signal);
    opened.content.on('error', () => undefined);
    opened.close();
    return opened.head;
  } catch {
    return Buffer.alloc(0);
  }
}
