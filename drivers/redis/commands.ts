import type { Redis } from 'ioredis';
import { versionOf } from './position.ts';
import type { Product } from './product.ts';
import { parseInfo } from './info.ts';

/** Names by which commands are called, of modules too. */
export interface Commands {
  names: ReadonlySet<string>;
  version: string;
}

/** LIST gives those of renamed ones as well. */
export async function commandsOf(redis: Redis, { versionField }: Product): Promise<Commands> {
  const names = (await redis.call('COMMAND', 'LIST')) as string[];
  const known = (await redis.call('COMMAND', 'INFO', ...names)) as unknown[];
  const version = parseInfo(await redis.info('server'))[versionField] ?? '';
  return { names: new Set(names.filter((_, i) => known[i])), version };
}

/** By name, the release that brought a command; none of a module. */
async function releasesOf(redis: Redis, names: readonly string[]): Promise<Map<string, string>> {
  const flat = (await redis.call('COMMAND', 'DOCS', ...names)) as unknown[];
  const found = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) {
    const fields = flat[i + 1] as unknown[];
    const at = fields.indexOf('since');
    if (at >= 0) found.set(String(flat[i]).toLowerCase(), String(fields[at + 1]));
  }
  return found;
}

/**
 * In words. One that the release of before had, and that was not known then, had been taken away on purpose
 * (`rename-command`), and is back. What a newer release brings is none of that.
 */
export async function commandsChanged(redis: Redis, before: Commands, now: Commands): Promise<string[]> {
  if (before.names.size === 0 || now.names.size === 0) return [];
  const lacking = [...before.names].filter((name) => !now.names.has(name));
  const fresh = [...now.names].filter((name) => !before.names.has(name));
  const releases = fresh.length > 0 ? await releasesOf(redis, fresh) : new Map<string, string>();
  const back = fresh.filter((name) => {
    const since = releases.get(name.toLowerCase());
    return since !== undefined && /^\d/.test(since) && isUpTo(since, before.version);
  });
  return [
    ...(lacking.length > 0 ? [`commands that the server no longer knows: ${lacking.join(', ')}`] : []),
    ...(back.length > 0
      ? [`commands that had been taken away, and are known again: ${back.join(', ')}`]
      : []),
  ];
}

function isUpTo(since: string, version: string): boolean {
  const [[major = 0, minor = 0], [majorNow = 0, minorNow = 0]] = [versionOf(since), versionOf(version)];
  return major < majorNow || (major === majorNow && minor <= minorNow);
}
