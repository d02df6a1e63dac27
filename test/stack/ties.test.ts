import { describe, expect, test } from 'vitest';
import type { ComposeConfig } from '../../stack/compose.ts';
import { isTiedToHost, unlessEnded } from '../../stack/ties.ts';

const config = (service: object, networks: object = {}): ComposeConfig =>
  ({ services: { one: { image: 'x', ...service } }, networks }) as ComposeConfig;
const noAccess = { access: {} };

describe('two stacks of one compose file cannot stand side by side', () => {
  test.each([
    ['with a fixed port', config({ ports: [{ target: 80, published: '8080' }] })],
    ['with a range of ports', config({ ports: [{ target: 80, published: '8080-8090' }] })],
    ['on the network of the host', config({ network_mode: 'host' })],
    ['with a fixed subnet', config({}, { own: { ipam: { config: [{ subnet: '10.9.0.0/24' }] } } })],
    [
      'with a bridge of a given name',
      config({}, { own: { driver_opts: { 'com.docker.network.bridge.name': 'b' } } }),
    ],
  ])('%s', (_, one) => {
    expect(isTiedToHost(one, noAccess)).toBe(true);
  });
  test('where the strategy lets a service reach the host', () => {
    expect(isTiedToHost(config({}), { access: { one: 'it must' } })).toBe(true);
  });
});

test('they can where the engine chooses everything', () => {
  expect(isTiedToHost(config({}), noAccess)).toBe(false);
  expect(
    isTiedToHost(
      config(
        { ports: [{ target: 80, published: '0' }, { target: 81 }], network_mode: 'none' },
        { default: { ipam: {} } },
      ),
      noAccess,
    ),
  ).toBe(false);
});

test('waiting for the stack before ends with it, or with the drill', async () => {
  await unlessEnded(undefined, undefined);
  await unlessEnded(Promise.resolve(), new AbortController().signal);
  const ended = new AbortController();
  const waiting = unlessEnded(new Promise(() => undefined), ended.signal);
  ended.abort(new Error('by Ctrl-C'));
  await expect(waiting).rejects.toThrow('by Ctrl-C');
});
