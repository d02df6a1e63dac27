import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { systemClock, type Clock } from '../../core/clock.ts';
import type { Artifact } from '../../core/backup.ts';
import type { RecoveryPoint, StoredPoint } from '../../core/recovery-point.ts';
import type { FetchContext, PointSpec, Store, Repository } from '../../core/store.ts';
import type { Stage } from '../../core/timeline.ts';
import { directory } from '../../stores/directory.ts';
import { createRepository } from '../../stores/repository.ts';
import { inMemory } from '../support/in-memory.ts';

export const key = Buffer.alloc(32, 0x5a);
export const spec: PointSpec = {
  component: 'mysql',
  backup: 'dump',
  method: 'dump',
  copies: ['one', 'two'],
  encrypt: true,
};
export const consistency = {
  atMs: 1_234.5,
  position: { gtid: 'aaaa:1-7' },
  tool: 'mysqldump 9.7',
  server: 'MySQL 9.7.0',
  facts: { tables: 3 },
};

/**
 * Two directory stores, `one` and `two`, in a folder of their own, and a repository over them. `wrap` stands
 * between.
 */
export interface Workbench extends AsyncDisposable {
  folder: string;
  /** Of the clock of every repository here. */
  originMs: number;
  stores: Map<string, Store>;
  repository: Repository;
  /** Another repository on the same folders, as a later process would open it. */
  reopened(wrap?: Wrap, withKey?: Buffer): Promise<{ repository: Repository; stores: Map<string, Store> }>;
  /** A repository of another drill on the same folders. */
  otherDrill(wrap?: Wrap): Promise<Repository>;
  fetchContext(): Promise<
    FetchContext & { stages: Stage[]; progressed: { done: number; total: number | null }[] }
  >;
}
export type Wrap = (store: Store, name: string) => Store;

export async function workbench(
  wrap: Wrap = (store) => store,
  clock: Clock = systemClock,
): Promise<Workbench> {
  const originMs = clock.nowMs();
  const folder = await mkdtemp(join(inMemory, 'muster-repository-'));
  const reopened = async (wrapAgain: Wrap = (store) => store, withKey = key) => {
    const stores = new Map<string, Store>();
    for (const name of ['one', 'two'])
      stores.set(
        name,
        wrapAgain(
          await directory.open({ name, config: {}, folder, service: nothing, secret: nothing }),
          name,
        ),
      );
    return {
      stores,
      repository: createRepository({ stores, key: () => withKey, clock, originMs, drill: 'drill-1' }),
    };
  };
  const { stores, repository } = await reopened(wrap);
  return {
    folder,
    originMs,
    stores,
    repository,
    reopened,
    otherDrill: async (wrapOther) =>
      createRepository({
        stores: (await reopened(wrapOther)).stores,
        key: () => key,
        clock,
        originMs,
        drill: 'drill-2',
      }),
    fetchContext: async () => {
      const stages: Stage[] = [];
      const progressed: { done: number; total: number | null }[] = [];
      return {
        folder: await mkdtemp(join(folder, 'scratch-')),
        signal: new AbortController().signal,
        stages,
        progressed,
        stage: (stage, _, work) => {
          stages.push(stage);
          return work();
        },
        progress: (done, total) => {
          progressed.push({ done, total });
        },
      };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

export async function backUp(
  repository: Repository,
  files: Record<string, Buffer>,
  spec_: PointSpec = spec,
  atMs = consistency.atMs,
): Promise<RecoveryPoint> {
  const point = await repository.begin(spec_);
  try {
    for (const [name, bytes] of Object.entries(files)) await point.put(name, Readable.from(cut(bytes)));
    return await point.commit({ ...consistency, atMs });
  } catch (error) {
    await point.abort();
    throw error;
  }
}

/** What every store holds of it. */
export const storedOf = ({ digest: _, provenance: __, ...stored }: RecoveryPoint): StoredPoint => stored;

/** In pieces as a pipe would deliver them. */
export function* cut(bytes: Buffer, size = 65_536): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export const fetched = async (bench: Workbench, made: RecoveryPoint, store: string): Promise<Artifact> =>
  bench.repository.fetch(made, store, await bench.fetchContext());

const nothing = (): never => {
  throw new Error('a directory needs no service and no secret');
};
