import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { systemClock } from '../../core/clock.ts';
import type { Attached } from '../../core/driver.ts';
import type { StoreTarget } from '../../core/fault.ts';
import type { Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import type { AnyStoreKind } from '../../core/store.ts';
import { drivers } from '../../drivers/index.ts';
import type { Drill } from '../../engine/drill-context.ts';
import { openStores } from '../../engine/open-stores.ts';
import { faults } from '../../faults/index.ts';
import { createRepository } from '../../stores/repository.ts';

export interface StoreRigOptions {
  kind: AnyStoreKind;
  config?(name: string): Record<string, unknown>;
  stack?: Stack;
  environment?: Record<string, string>;
  encrypt?: boolean;
  id?: string;
  folder?: string;
  /** What the network to the store `target` goes through, attached, and its service. */
  route?: { service: string; attached: Attached };
}

/**
 * Two stores as a drill opens them, `target` and `other`, and what tests of faults on stores need of them.
 */
export interface StoreRig {
  target: StoreTarget;
  other: StoreTarget;
  /** One more recovery point of cache.daily, in both. */
  backUp(): Promise<void>;
  /** Every object of a store with its digest, read through a store opened anew. */
  contents(of: StoreTarget): Promise<Record<string, string | null>>;
  folder: string;
  close(): Promise<void>;
}

const key = 'ab'.repeat(32);

/** The engine's own opening of stores, over a drill that has nothing else. */
export async function storeRig({
  kind,
  config = () => ({}),
  stack,
  environment = {},
  encrypt = true,
  id = 'drill-1',
  folder = mkdtempSync(join(tmpdir(), 'muster-store-faults-')),
  route,
}: StoreRigOptions): Promise<StoreRig> {
  mkdirSync(folder, { recursive: true });
  const names = ['target', 'other'];
  const drill = {
    id,
    folder,
    originMs: systemClock.nowMs(),
    secrets: new Set<string>(),
    ownSecrets: new Map(),
    projectEnvironment: {},
    regions: new Map(),
    stack: stack ?? null,
    stores: new Map<string, StoreTarget>(),
    repository: null,
    signal: new AbortController().signal,
    makeRepository: createRepository,
    clock: systemClock,
    registries: { faults },
    environment: { MUSTER_BACKUP_KEY: key, ...environment },
    attached: new Map(route ? [['way', route.attached]] : []),
    plan: {
      procedure: 'drill',
      components: new Map(
        route ? [['way', { name: 'way', service: route.service, driver: drivers.toxiproxy }]] : [],
      ),
      strategy: { encryption: { keyFrom: 'MUSTER_BACKUP_KEY' } },
      stores: names.map((name) => ({
        name,
        kind,
        config: kind.config.parse(config(name)) as { service?: string },
        service: (config(name) as { service?: string }).service ?? null,
      })),
      backups: [
        {
          id: 'cache.daily',
          component: 'cache',
          name: 'daily',
          info: { kind: 'snapshot' },
          plan: { copies: names },
        },
      ],
    },
  } as unknown as Drill;
  await openStores(drill);
  const [target, other] = names.map((name) => drill.stores.get(name)!) as [StoreTarget, StoreTarget];
  let taken = 0;
  return {
    target,
    other,
    folder,
    backUp: async () => {
      taken += 1;
      const writer = await drill.repository!.begin({
        component: 'cache',
        backup: 'daily',
        method: 'copy',
        copies: names,
        encrypt,
      });
      await writer.put('data.bin', Readable.from([Buffer.alloc(100_000, taken)]));
      await writer.put('small.txt', Readable.from([Buffer.from('small')]));
      await writer.commit({ atMs: taken, position: { at: String(taken) }, tool: 'test', server: 'test' });
    },
    contents: async (of) => {
      const keys = (await of.store.list('')).map((entry) => entry.key);
      const digests = await of.look(keys);
      return Object.fromEntries(keys.map((name, i) => [name, digests[i]!]));
    },
    close: async () => {
      await drill.repository!.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The target with which nothing that is done has an effect: for witnesses, which must see nothing. */
export const inertTarget = (
  target: StoreTarget,
  service: (real: Service) => Service,
  route: StoreTarget['route'] = () => null,
): StoreTarget => ({
  ...target,
  route,
  service: target.service && service(target.service),
  damage: async (keys) => ({
    before: (await target.look(keys)).map(String),
    putBack: async () => undefined,
    isBack: () => true,
  }),
  loseKey: () => ({
    name: 'nothing',
    deadlineMs: 1_000,
    run: async () => undefined,
    healed: async () => true,
  }),
});
