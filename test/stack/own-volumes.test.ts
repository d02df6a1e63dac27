import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { HostRules } from '../../core/stack.ts';
import { noRules } from '../../stack/containment.ts';
import { containAhead } from '../../stack/plan-containment.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-own-volumes-'));
const file = join(folder, 'compose.yml');
mkdirSync(join(folder, 'data'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const service = (lines: string): string => `services:\n  db:\n    image: x\n    ${lines}\n`;

describe('volumes that are made for the drill', () => {
  const ownOf = async (text: string, mounts: HostRules['mounts'] = {}): Promise<string[]> => {
    writeFileSync(file, text);
    return (await containAhead({ file, profiles: [], host: { ...noRules, mounts } }))!.volumes;
  };
  test('are named, with each service that has them', async () => {
    const text =
      'services:\n  db: { image: x, volumes: ["own:/data", /scratch] }\n' +
      '  reader: { image: y, volumes: ["own:/d:ro", "named:/n"] }\nvolumes:\n  own:\n  named: { name: shop }\n';
    expect(await ownOf(text)).toEqual([
      "volume own of db at /data, reader at /d: the drill's own, empty when it begins",
      "a volume without a name of db at /scratch: the drill's own, empty when it begins",
      "volume named of reader at /n: the drill's own, empty when it begins",
    ]);
  });
  test.each([
    ['a folder of the host', '["./data:/data"]', '{}', {}],
    [
      'a volume that is a folder of the host',
      '["own:/data"]',
      '{ driver_opts: { o: bind, device: ./data } }',
      {},
    ],
    [
      'a volume on another machine',
      '["own:/data"]',
      '{ driver_opts: { type: nfs, device: ":/x", o: addr=h } }',
      {},
    ],
    ["somebody else's volume", '["own:/data"]', '{ external: true }', {}],
    ['one that the strategy has copied', '["own:/data"]', '{ external: true }', { own: 'copy' }],
    ['memory', '[{ type: tmpfs, target: /t }]', '{}', {}],
  ] as const)('are not %s', async (_what, volumes, declared, more) => {
    expect(await ownOf(`${service(`volumes: ${volumes}`)}volumes:\n  own: ${declared}\n`, more)).toEqual([]);
  });
});
