import { describe, expect, test } from 'vitest';
import { inScenario, plan, refusal } from './plan-files.ts';

/** The volumes of two servers and of a third service that no component stands for. */
const volumes = (store: string, front: string, third = '[]') => ({
  compose: () => `services:
  store: { image: redis, ports: ['127.0.0.1::6379'], volumes: ${store} }
  front: { image: nginx, volumes: ${front} }
  third: { image: backup, volumes: ${third} }
volumes: { data: {}, own: {}, certs: {} }
`,
});
const dropped = inScenario('wipe-volume: store, at: worst', 'crash: store, at: +5s');
const inventories = async (change: Parameters<typeof plan>[0]): Promise<string[]> =>
  (await plan(change)).checks.filter(({ check }) => check === 'inventory').map(({ named }) => named);
const about = async (change: Parameters<typeof plan>[0]): Promise<string[]> =>
  (await plan(change)).notes.filter((note) => note.includes('keeps its data on'));

describe('a volume that two components have', () => {
  test.each([
    ['at one path', '["data:/data"]', '["data:/data"]'],
    ['at different paths', '["data:/data"]', '["data:/var/lib/mysql"]'],
    ['in the long form', '[{ type: volume, source: data, target: /data }]', '["data:/x"]'],
    [
      'of which one has a folder',
      '["data:/data"]',
      '[{ type: volume, source: data, target: /x, volume: { subpath: a } }]',
    ],
  ])('is not taken away from the one alone: %s', async (_, store, front) => {
    expect(await refusal(volumes(store, front))).toMatch(
      /^scenario\.yaml:7:23 store shares what it keeps its data on, and wipe-volume would take that of others \| a volume that base has as well/,
    );
  });

  test('counts for both where one is restored, and plan says it', async () => {
    const change = { ...volumes('["data:/data"]', '["data:/x"]'), ...dropped };
    expect(await inventories(change)).toEqual(expect.arrayContaining(['store.inventory', 'base.inventory']));
    expect(await about(change)).toEqual([
      'store keeps its data on data, and service front has that too: what a fault takes or a restore puts there is so for both, and what base holds is compared as well',
    ]);
    expect((await plan(change)).components.get('store')!.shares).toEqual(['base']);
  });

  test('by volumes_from as well', async () => {
    const compose = () =>
      "services:\n  store: { image: redis, ports: ['127.0.0.1::6379'], volumes: ['data:/data'] }\n  front: { image: nginx, volumes_from: ['store:ro'] }\nvolumes: { data: {} }\n";
    expect(await refusal({ compose })).toMatch(/store shares what it keeps its data on/);
  });
});

describe('no other is touched', () => {
  test.each([
    ['by volumes of their own', '["data:/data"]', '["own:/data"]'],
    ['by one that holds no data', '["data:/data", "certs:/certs"]', '["own:/x", "certs:/certs"]'],
    [
      'by folders of one volume',
      '[{ type: volume, source: data, target: /data, volume: { subpath: a } }]',
      '[{ type: volume, source: data, target: /x, volume: { subpath: b } }]',
    ],
  ])('%s', async (_, store, front) => {
    expect(await inventories(volumes(store, front))).toEqual(['store.inventory']);
    expect(await about(volumes(store, front))).toEqual([]);
  });

  test('a service that no component stands for is named', async () => {
    expect(await about(volumes('["data:/data"]', '["own:/x"]', '["data:/backup:ro"]'))).toEqual([
      'store keeps its data on data, and service third has that too: what a fault takes or a restore puts there is so for both, and no component stands for it, and nobody looks at what it holds',
    ]);
  });
});
