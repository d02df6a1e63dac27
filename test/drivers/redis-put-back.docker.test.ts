import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Attached } from '../../core/driver.ts';
import { redisPairUp, type RedisPair } from './redis-pair.ts';
import { act, judged } from './replica-steps.ts';

/** A drill changes settings of a running server for a while. Afterwards each is as it was before. */
let pair: RedisPair;
let east: Attached;
let admin: Redis;
const needs = 'min-replicas-to-write';

beforeAll(async () => {
  pair = await redisPairUp('put-back');
});
afterAll(() => pair?.down());
beforeEach(async () => {
  admin = await pair.connect('east');
});
afterEach(async () => {
  await east?.close();
  pair.disconnect();
});

const setting = async (name: string): Promise<string> => ((await admin.config('GET', name)) as string[])[1]!;
const write = (): Promise<string> => admin.set('user:1', 'a').catch(({ message }: Error) => message);

describe('a server that takes writes only with a replica', () => {
  test('asks for one when it was promoted, and the step says so', async () => {
    await admin.config('SET', needs, '1');
    east = await pair.attach('east');
    await act(east, 'replicate', { source: 'redis' });
    const facts = await act(east, 'promote');
    expect([await setting(needs), await write(), await east.ready()]).toEqual([
      '1',
      expect.stringMatching(/^NOREPLICAS/),
      false,
    ]);
    expect(facts).toMatchObject({ needsReplicas: '1' });
  });

  test('asks for as many as when it was made a replica', async () => {
    await admin.config('SET', needs, '1');
    east = await pair.attach('east');
    await admin.config('SET', needs, '2');
    await act(east, 'replicate', { source: 'redis' });
    const facts = await act(east, 'promote');
    expect(await setting(needs)).toBe('2');
    expect(facts).toMatchObject({ needsReplicas: '2' });
  });

  test('asks for one when it was fenced without an answer, and opened', async () => {
    await admin.config('SET', needs, '1');
    east = await pair.attach('east');
    await pair.service('east').stop();
    expect(await act(east, 'fence')).toMatchObject({ how: 'out of band' });
    const facts = await act(east, 'reopen');
    admin = await pair.connect('east');
    expect([await setting(needs), await write()]).toEqual(['1', expect.stringMatching(/^NOREPLICAS/)]);
    expect(facts).toEqual({ started: true, needsReplicas: '1' });
  });

  test('asks for none when it asked for none, and takes the write', async () => {
    await admin.config('SET', needs, '0');
    east = await pair.attach('east');
    await act(east, 'replicate', { source: 'redis' });
    expect(await act(east, 'promote')).toMatchObject({ needsReplicas: '0' });
    expect([await write(), await east.ready()]).toEqual(['OK', true]);
    expect(await judged(east, 'refuses-writes')).toMatchObject({ verdict: 'fail' });
  });
});
