import { describe, expect, test } from 'vitest';
import { noRules } from '../../stack/containment.ts';
import { assertContained } from '../../stack/laid.ts';
import { hostMounts } from '../../stack/mounts.ts';
import { nothingLaid } from '../../stack/override.ts';
import { volumeKind } from '../../stack/volume-options.ts';
import type { ComposeConfig } from '../../stack/compose.ts';

const harmless: [Record<string, string>, string][] = [
  [{}, 'own'],
  [{ o: 'size=1m' }, 'own'],
  [{ type: 'tmpfs', o: 'size=1m' }, 'own'],
  [{ type: 'tmpfs', device: 'tmpfs', o: 'size=64m,uid=1000' }, 'memory'],
];
/** Each of them is of something that is no drill's. */
const foreign: [Record<string, string>, string][] = [
  [{ type: 'tmpfs', o: 'bind', device: '/etc' }, 'folder'],
  [{ type: 'tmpfs', o: 'size=1m,rbind', device: '/etc' }, 'folder'],
  [{ type: 'tmpfs', o: 'ro, BIND', device: '/etc' }, 'folder'],
  [{ type: 'tmpfs', o: 'remount', device: '/etc' }, 'folder'],
  [{ type: 'tmpfs', o: 'move', device: '/etc' }, 'folder'],
  [{ o: 'bind', device: 'data' }, 'folder'],
  [{ type: 'none', device: '/etc' }, 'folder'],
  [{ type: 'tmpfs', device: '/etc' }, 'other'],
  [{ type: 'nfs', device: ':/x', o: 'addr=h' }, 'other'],
];

test.each([...harmless, ...foreign])('%j is of kind %s', (options, kind) => {
  expect(volumeKind(options)).toBe(kind);
});

describe('of the volumes of a compose file', () => {
  const config = (options: Record<string, string>): ComposeConfig =>
    ({
      services: { db: { volumes: [{ type: 'volume', source: 'pg', target: '/data' }] } },
      volumes: { pg: { name: 'muster-d1_pg', driver_opts: options } },
    }) as unknown as ComposeConfig;
  const asStarted = (options: Record<string, string>) => (): void =>
    assertContained(config(options), nothingLaid, noRules, 'muster-d1');

  test.each(foreign)('%j is not the drill’s, and another stands in its place', (options) => {
    expect(hostMounts(config(options), '/srv/shop/compose.yml', noRules)).toHaveLength(1);
    expect(asStarted(options)).toThrow(/not decided on/);
  });
  test.each(harmless)('%j is', (options) => {
    expect(hostMounts(config(options), '/srv/shop/compose.yml', noRules)).toEqual([]);
    expect(asStarted(options)).not.toThrow();
  });
});
