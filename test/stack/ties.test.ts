import { beforeEach, describe, expect, test } from 'vitest';
import type { ComposeConfig } from '../../stack/compose.ts';
import { formerOf, isTiedToHost } from '../../stack/ties.ts';

const config = (service: object): ComposeConfig =>
  ({ services: { one: { image: 'x', ...service } } }) as unknown as ComposeConfig;
const noAccess = { access: {} };

describe('two stacks of one compose file cannot stand side by side', () => {
  test('on the network of the host', () => {
    expect(isTiedToHost(config({ network_mode: 'host' }), noAccess)).toBe(true);
  });
  test('where the strategy lets a service reach the host', () => {
    expect(isTiedToHost(config({}), { access: { one: 'it must' } })).toBe(true);
  });
});

test('they can with ports, names and subnets that each has anew', () => {
  expect(isTiedToHost(config({}), noAccess)).toBe(false);
  expect(
    isTiedToHost(config({ ports: [{ target: 80, published: '8080' }], network_mode: 'none' }), noAccess),
  ).toBe(false);
});

describe('the stack before', () => {
  const said: string[] = [];
  const say = (text: string): void => void said.push(text);
  beforeEach(() => void said.splice(0));

  test('is waited for, which is said', async () => {
    const down = Promise.withResolvers<void>();
    const order: string[] = [];
    const waiting = formerOf(down.promise)
      .gone(say, undefined)
      .then(() => order.push('the next one goes on'));
    expect(said).toEqual([expect.stringMatching(/^waiting until the stack before is gone/)]);
    order.push('the former is gone');
    down.resolve();
    await waiting;
    expect(order).toEqual(['the former is gone', 'the next one goes on']);
  });
  test('is no reason to wait where there is none, or it is gone', async () => {
    await formerOf(undefined).gone(say, undefined);
    const gone = Promise.reject(new Error('it could not be judged'));
    const former = formerOf(gone);
    await gone.catch(() => undefined);
    await former.gone(say, new AbortController().signal);
    expect(said).toEqual([]);
  });
  test('is waited for no longer than the drill goes on', async () => {
    const ended = new AbortController();
    const waiting = formerOf(new Promise(() => undefined)).gone(say, ended.signal);
    ended.abort(new Error('by Ctrl-C'));
    await expect(waiting).rejects.toThrow('by Ctrl-C');
    await expect(formerOf(undefined).gone(say, ended.signal)).rejects.toThrow('by Ctrl-C');
  });
});
