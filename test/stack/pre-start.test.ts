import { describe, expect, test } from 'vitest';
import { noRules } from '../../stack/containment.ts';
import { assertContained } from '../../stack/laid.ts';
import { nothingLaid } from '../../stack/override.ts';
import { reachOf } from '../../stack/reach.ts';
import type { ComposeConfig } from '../../stack/compose.ts';

// Newer versions of Compose know them: what those make of a file is given here.
const config = (service: object, more: object = {}): ComposeConfig =>
  ({ services: { web: { image: 'x', ...service } }, ...more }) as unknown as ComposeConfig;
const reached = (of: ComposeConfig): string[] => reachOf(of).map(({ what }) => what);
const started = (of: ComposeConfig) => (): void => assertContained(of, nothingLaid, noRules, 'muster-d1');

describe('a pre_start hook', () => {
  test.each([
    ['privileged', { privileged: true }, 'a privileged pre_start hook'],
    ['capabilities', { cap_add: ['SYS_ADMIN'] }, 'a pre_start hook with cap_add of its own'],
    ['a folder of the host', { volumes: [{ type: 'bind', source: '/', target: '/h' }] }, 'with volumes'],
    ["the host's network", { network_mode: 'host' }, 'with network_mode of its own'],
    [
      'a device and a label',
      { devices: ['/dev/sda'], labels: { a: 'b' } },
      'with devices, labels of its own',
    ],
  ])('with %s could reach the host', (_, keys, what) => {
    const of = config({ pre_start: [{ command: ['id'] }, { command: ['id'], ...keys }] });
    const found = reachOf(of);
    expect(found).toMatchObject([{ service: 'web', path: ['pre_start', 1] }]);
    expect(found[0]!.what).toContain(what);
    expect(started(of)).toThrow(/not decided on/);
  });

  test('with what its service has and no more could not', () => {
    const has = {
      labels: { 'muster.drill': 'd1' },
      cap_add: ['NET_ADMIN', 'CHOWN'],
      networks: { default: null },
    };
    const hook = { ...has, cap_add: ['CHOWN'], image: 'y', command: ['id'], user: 'root', privileged: false };
    const of = config({ ...has, pre_start: [hook] });
    expect(reached(of)).toEqual([]);
    expect(started(of)).not.toThrow();
  });

  test("has no reverse proxy's variable either", () => {
    const of = config({ pre_start: [{ command: ['id'], environment: { VIRTUAL_HOST: 'shop.example' } }] });
    expect(started(of)).toThrow(/not decided on/);
  });
});

describe('models, which a program on this machine runs', () => {
  test.each([
    ['of a service', config({ models: { llm: null } }, { models: { llm: { model: 'm' } } })],
    ['of a service, as a list', config({ models: ['llm'] }, { models: { llm: { model: 'm' } } })],
  ])('%s', (_, of) => {
    expect(reached(of)).toEqual([
      expect.stringContaining('a model that a program on this machine pulls and runs'),
    ]);
    expect(started(of)).toThrow(/not decided on/);
  });

  // Compose leaves those out that no service names.
  test('of no service', () =>
    expect(reached(config({ models: {} }, { models: { llm: { model: 'm' } } }))).toEqual([]));
});
