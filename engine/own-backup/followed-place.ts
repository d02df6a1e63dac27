import { NoRecoveryPoint } from '../../core/errors.ts';
import type { OwnOptions } from '../../core/own-backup.ts';
import { storeOf } from '../drill-context.ts';
import { serviceOf } from '../drill-environment.ts';
import { filesIn } from './container-ground.ts';
import { patternsIn, type Found } from './ground.ts';
import type { Own } from './place.ts';
import { ofOthers, stateOf } from './stored.ts';

/** Where a sidecar leaves what it makes, and what is there while it works. Nothing is written there. */
export interface FollowedPlace {
  /** In words. */
  where: string;
  /** It lies in a store already, and stays there. */
  keeps: boolean;
  list(): Promise<Found[]>;
  read(file: Found): AsyncIterable<Uint8Array>;
  /** Whether it is only there while it works. */
  isBegin(path: string): boolean;
  /** Whether there is something for each of the patterns. */
  hasAll(left: readonly Found[]): boolean;
  /** What was there when it was last looked at, in words. */
  found(): string;
  /** What it is that it cannot be looked at: a sidecar that is not there makes no backup. */
  troubleOf(error: unknown): Promise<unknown>;
}

export function placeOf(own: Own, { produces, follow }: OwnOptions): FollowedPlace {
  const begins = follow?.begins ?? [];
  const files = 'files' in produces ? produces.files : [];
  const service = follow?.service;
  const sources = [
    ...('in' in produces ? [inStore(own, produces)] : []),
    ...[...files, ...begins].map((pattern) => inService(own, service!, pattern)),
  ];
  /** By path: which of the sources it was last found by. */
  let by = new Map<string, Source>();
  const isBegin = (path: string): boolean => begins.includes(by.get(path)?.pattern ?? '');
  return {
    where:
      'in' in produces ? `store ${produces.in}, ${produces.objects}*` : `${files.join(', ')} of ${service}`,
    keeps: 'in' in produces,
    list: async () => {
      const found: Found[] = [];
      const now = new Map<string, Source>();
      for (const source of sources)
        for (const one of await source.list()) {
          if (now.has(one.path)) continue;
          now.set(one.path, source);
          found.push(one);
        }
      by = now;
      return found;
    },
    read: (file) => (by.get(file.path) ?? sources[0]!).read(file),
    isBegin,
    hasAll: (left) =>
      left.length > 0 && files.every((pattern) => left.some(({ path }) => by.get(path)?.pattern === pattern)),
    found: () => {
      const there = [...by.keys()].filter((path) => !isBegin(path)).length;
      return there === 0 ? 'nothing' : `${there} that were there before`;
    },
    troubleOf: async (error) => {
      const state = service ? await serviceOf(own.drill, service).state() : null;
      if (state === null || state.status === 'running') return error;
      return new NoRecoveryPoint(`${service} does not run`, {
        found: `${state.status}, exit code ${state.exitCode}`,
        expected: 'a sidecar that makes backups',
      });
    },
  };
}

interface Source {
  /** Null of objects. */
  pattern: string | null;
  list(): Promise<Found[]>;
  read(file: Found): AsyncIterable<Uint8Array>;
}

const inService = ({ drill }: Own, service: string, pattern: string): Source => {
  const files = (): ReturnType<typeof filesIn> =>
    filesIn(serviceOf(drill, service), service, patternsIn('', [pattern]));
  return { pattern, list: () => files().list(), read: (file) => files().read(file) };
};

const inStore = (own: Own, { in: name, objects }: { in: string; objects: string }): Source => ({
  pattern: null,
  list: async () =>
    (await ofOthers(own, name, objects)).map((one) => ({
      name: one.key,
      path: one.key,
      bytes: one.bytes,
      state: `${one.key} ${stateOf(one)}`,
    })),
  async *read({ path }) {
    for await (const chunk of await storeOf(own.drill, name).store.read(path)) yield chunk as Uint8Array;
  },
});
