import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Attached, AttachContext, CheckOutcome } from '../../core/driver.ts';
import type { Service } from '../../core/service.ts';
import redisDriver from '../../drivers/redis/index.ts';
import { serviceNamed } from '../../engine/drill-environment.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { leftOf, uniqueDrill } from '../stack/small-stack.ts';
import { attachTo } from '../support/attach-to.ts';
import { eventually } from './replica-steps.ts';

export type One = 'redis-a' | 'redis-b' | 'redis-c';
const passwords: Record<One, string> = { 'redis-a': 'of-a', 'redis-b': 'of-a', 'redis-c': 'of-c' };

/** The servers of `redis-three.compose.yml`. */
export interface RedisThree {
  service(name: One): Service;
  /** Given to a server in its container. */
  cli(name: One, ...words: string[]): Promise<string>;
  /**
   * As a drill that has these components and no others attaches them: each by its own password, and knowing
   * the others.
   */
  attach<Name extends One>(
    names: readonly Name[],
    over?: Partial<Record<Name, Partial<AttachContext<never>>>>,
  ): Promise<Record<Name, Attached>>;
  /** The first one is a primary, the others its replicas, with the same 60 keys; nothing else is attached. */
  anew(): Promise<void>;
  follow(name: One, host: string, port?: number): Promise<void>;
  linkIs(name: One, link: string): Promise<void>;
  addressOf(name: One): Promise<string>;
  /** What `follows` says of a server to which that happens between its two looks. */
  judged(c: Attached, meanwhile: () => Promise<unknown>): Promise<CheckOutcome>;
  down(): Promise<string[]>;
}

export const filled = "for i = 1, 60 do redis.call('SET', 'kept:' .. i, i) end";

export async function redisThreeUp(): Promise<RedisThree> {
  const drill = uniqueDrill('redis-three');
  const progress = (): void => undefined;
  const file = fileURLToPath(new URL('../fixtures/redis-three.compose.yml', import.meta.url));
  const stack = await createStackProvider({ progress }).up({ file, drill, environment: {}, progress });
  const service = (name: string): Service => stack.services.get(name)!;
  const all: Attached[] = [];
  const cli = async (name: One, ...words: string[]): Promise<string> => {
    const env = { REDISCLI_AUTH: passwords[name] };
    return (await service(name).exec(['redis-cli', ...words], { env })).stdout.trim();
  };
  const linkIs = (name: One, link: string): Promise<void> =>
    eventually(async () => (await cli(name, 'INFO', 'replication')).includes(`master_link_status:${link}`));
  const follow = async (name: One, host: string, port = 6379): Promise<void> => {
    expect(await cli(name, 'REPLICAOF', host, String(port))).toMatch(/^OK/);
  };
  return {
    service,
    cli,
    linkIs,
    follow,
    attach: async (names, over = {}) => {
      const together: Attached[] = [];
      for (const name of names) {
        const one = await attachTo(redisDriver, {
          component: name,
          service: service(name),
          peer: service,
          named: async (host) => {
            const found = await serviceNamed(stack.services, host);
            return found === null ? null : service(found);
          },
          attached: () => together,
          own: (secret) => (secret === '--requirepass' ? passwords[name] : null),
          ...(over as Record<string, object>)[name],
        });
        together.push(one);
        all.push(one);
      }
      return Object.fromEntries(names.map((name, index) => [name, together[index]])) as never;
    },
    anew: async () => {
      for (const one of all.splice(0)) await one.close();
      for (const name of ['redis-a', 'redis-b', 'redis-c'] as const) {
        await service(name).start();
        await eventually(async () => (await cli(name, 'PING')) === 'PONG');
        await cli(name, 'REPLICAOF', 'NO', 'ONE');
        await cli(name, 'CONFIG', 'SET', 'min-replicas-to-write', '0');
        await cli(name, 'CONFIG', 'SET', 'replica-read-only', 'yes');
      }
      await cli('redis-a', 'FLUSHALL');
      expect(await cli('redis-a', 'EVAL', filled, '0')).toBe('');
      for (const name of ['redis-b', 'redis-c'] as const) {
        await follow(name, 'redis-master');
        await linkIs(name, 'up');
      }
    },
    addressOf: async (name) => (await service(name).exec(['hostname', '-i'])).stdout.trim().split(' ')[0]!,
    judged: async (c, meanwhile) => {
      const check = c.checks['follows']!;
      const look = await check.justBefore!();
      await meanwhile();
      return check.after(null, null, look);
    },
    down: async () => {
      for (const one of all.splice(0)) await one.close();
      await stack.down();
      return (await leftOf(drill)).map((each) => each.name);
    },
  };
}
