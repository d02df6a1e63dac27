import type { Redis } from 'ioredis';
import type { Check, CheckOutcome } from '../../core/driver.ts';
import { musterPrefix, scanKeys } from './keys.ts';
import { configOf, type Server } from './server.ts';
import { createHash } from 'node:crypto';

const settings = ['appendonly', 'appendfsync', 'save', 'maxmemory', 'maxmemory-policy'];

interface Inventory {
  /** Keys by what stands before the first colon; `total`, and those that never expire. */
  prefixes: Record<string, { total: number; lasting: number }>;
  settings: Record<string, string>;
  /** User and a digest of its rules: the rules hold password hashes. */
  users: Record<string, string>;
}

/**
 * The application's keys by prefix, the settings that decide about durability, and the users. Keys that never expire must be no fewer
 * than before; those that do come and go by right (the check of expiries is for them), so that they are only shown.
 */
export const inventoryCheck = (server: Server): Check => ({
  before: async () => JSON.parse(JSON.stringify(await server.run(inventoryOf))),
  after: async (baseline) => {
    if (baseline === null) return { verdict: 'inconclusive', detail: 'nothing was noted before the load', facts: null };
    return compare(baseline as unknown as Inventory, await server.run(inventoryOf));
  },
});

async function inventoryOf(redis: Redis): Promise<Inventory> {
  const prefixes: Inventory['prefixes'] = {};
  const seen = new Set<string>();
  for await (const batch of scanKeys(redis, '*')) {
    const keys = batch.filter((key) => !key.startsWith(musterPrefix) && !seen.has(key));
    const pipeline = redis.pipeline();
    for (const key of keys) {
      seen.add(key);
      pipeline.pexpiretime(key);
    }
    const expiries = (await pipeline.exec()) ?? [];
    keys.forEach((key, i) => {
      const prefix = prefixOf(key);
      const count = (prefixes[prefix] ??= { total: 0, lasting: 0 });
      const [error, expiry] = expiries[i]!;
      if (error) throw error;
      if (expiry !== -2) count.total += 1;
      if (expiry === -1) count.lasting += 1;
    });
  }
  const acl = (await redis.call('ACL', 'LIST')) as string[];
  const users = Object.fromEntries(acl.map((rule) => [rule.split(' ')[1]!, createHash('sha256').update(rule).digest('hex').slice(0, 16)]));
  return { prefixes, settings: await configOf(redis, settings), users };
}

/** What stands before the first colon; keys without one are taken together, for they may be secrets themselves. */
const prefixOf = (key: string): string => (key.includes(':') ? key.slice(0, key.indexOf(':')).slice(0, 64) : '(no prefix)');

function compare(before: Inventory, after: Inventory): CheckOutcome {
  const wrong: string[] = [];
  for (const [prefix, { lasting }] of Object.entries(before.prefixes)) {
    const now = after.prefixes[prefix]?.lasting ?? 0;
    if (now < lasting) wrong.push(`${prefix}: ${lasting} keys that never expire before, ${now} now`);
  }
  for (const [name, value] of Object.entries(before.settings)) {
    if (after.settings[name] !== value) wrong.push(`${name}: ${JSON.stringify(value)} before, ${JSON.stringify(after.settings[name] ?? null)} now`);
  }
  for (const user of new Set([...Object.keys(before.users), ...Object.keys(after.users)])) {
    if (before.users[user] !== after.users[user]) wrong.push(`user ${user}: ${before.users[user] ? (after.users[user] ? 'other rules' : 'gone') : 'new'}`);
  }
  const facts = JSON.parse(JSON.stringify({ before, after }));
  if (wrong.length > 0) return { verdict: 'fail', detail: wrong.join('; '), facts };
  const counted = Object.values(after.prefixes).reduce((sum, { total }) => sum + total, 0);
  return { verdict: 'pass', detail: `${settings.length} settings and ${Object.keys(after.users).length} users as before; ${counted} keys of the application, none that never expires is missing`, facts };
}
