import fc from 'fast-check';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { MusterError } from '../../core/errors.ts';
import { kinds } from '../../core/ledger.ts';
import type { TimelineEvent } from '../../core/timeline.ts';
import { readChain } from '../../evidence/chain.ts';
import { judgeBundle, writeReportsAgain, type Judged } from '../../evidence/bundle.ts';
import { copyOf, dropRecords, forgeManifest, rechain, withoutManifest } from '../support/forgery.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { runs, timeLimit } from '../fuzz/mutations.ts';
import { eventsIn } from '../support/recorded.ts';

const names = ['events.jsonl', 'ledger.bin', 'manifest.json'] as const;
type Name = (typeof names)[number];

/** A whole bundle with few records, so that it is judged in milliseconds, and what its files were. */
let bundle = '';
let before: Record<Name, Buffer>;
let events: TimelineEvent[];
beforeAll(async () => {
  const { folder } = await drillInMemory();
  bundle = copyOf(folder);
  let kept = 0;
  dropRecords(bundle, ({ kind }) => kind !== kinds.readback && (kept += 1) % 40 !== 0, true);
  dropRecords(bundle, ({ kind, id }) => kind === kinds.readback && id % 40 !== 0, true);
  for (const { file } of Object.values(registries.formats)) rmSync(join(bundle, file), { force: true });
  forgeManifest(bundle);
  before = Object.fromEntries(names.map((name) => [name, readFileSync(join(bundle, name))])) as Record<
    Name,
    Buffer
  >;
  events = eventsIn(bundle);
}, 90_000);

let count = 0;
const restore = (): void => {
  for (const name of names) writeFileSync(join(bundle, name), before[name]);
};

/**
 * Judged, and each fifth rendered as `muster report --out` does; null where it was refused as input. Whatever
 * else is thrown fails the test.
 */
async function judged(): Promise<Judged | null> {
  try {
    const one = judgeBundle(bundle, registries);
    if ((count += 1) % 5 === 0) await writeReportsAgain(join(dirname(bundle), 'out'), one, registries);
    return one;
  } catch (error) {
    if (error instanceof MusterError && error.trouble === 'input') return null;
    throw error;
  }
}

const edit = fc.record({
  at: fc.nat(),
  remove: fc.nat(40),
  insert: fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.json().map((text) => Buffer.from(text)),
    fc.constantFrom('\n', '}', '"', '0').map((text) => Buffer.from(text)),
  ),
});
const edited = (
  bytes: Buffer,
  { at, remove, insert }: { at: number; remove: number; insert: Uint8Array },
): Buffer => {
  const from = at % bytes.length;
  return Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + remove)]);
};

/** Numbers that no drill has, among whatever JSON can hold. */
const strange = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(0, -1, 1e308, -1e308, 2 ** 53, 1e15, '', '../..', [], {}, null, true),
);

/** Every place in an event's data, by path. */
function pathsOf(value: unknown): string[][] {
  if (value === null || typeof value !== 'object') return [[]];
  return [
    [],
    ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner).map((path) => [key, ...path])),
  ];
}

function put(root: object, path: string[], value: unknown): void {
  const parent = path
    .slice(0, -1)
    .reduce((at, key) => at[key] as Record<string, unknown>, root as Record<string, unknown>);
  parent[path.at(-1)!] = value;
}

describe('a bundle whatever was done to it', { timeout: timeLimit }, () => {
  it('is whole when nothing was', async () => {
    restore();
    expect(await judged()).toMatchObject({ damage: null, altered: false });
  });

  it('has a timeline that is read as far as it is whole, whatever bytes it holds', () => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (changes) => {
        const text = changes.reduce(edited, before['events.jsonl']).toString('utf8');
        const { events: found, broken } = readChain(text);
        expect(found.map(({ hash }) => hash)).toEqual(events.slice(0, found.length).map(({ hash }) => hash));
        if (broken === null) expect(found.length).toBeLessThanOrEqual(events.length);
      }),
      runs(800, 10),
    );
  });

  it('is damaged, or no bundle, when bytes of its evidence were changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('events.jsonl', 'ledger.bin' as Name), edit, async (name, change) => {
        const bytes = edited(before[name as Name], change);
        fc.pre(!bytes.equals(before[name as Name]));
        restore();
        writeFileSync(join(bundle, name), bytes);
        const one = await judged();
        if (one)
          expect([one.damage !== null, one.altered, one.result.verdict === 'pass']).toEqual([
            true,
            true,
            false,
          ]);
      }),
      runs(60, 10),
    );
  });

  it('is judged or refused, and nothing breaks, when its manifest was changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          edit.map((change) => edited(before['manifest.json'], change)),
          fc.json().map((text) => Buffer.from(text)),
        ),
        async (bytes) => {
          restore();
          writeFileSync(join(bundle, 'manifest.json'), bytes);
          await judged();
        },
      ),
      runs(30, 10),
    );
  });

  it.each([
    ['forged', forgeManifest],
    ['gone', withoutManifest],
  ])(
    'is judged or refused, and nothing breaks, whatever its events say, chain and all; its manifest is %s',
    async (what, manifest) => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.nat(), strange, async (which, where, value) => {
          restore();
          const altered = structuredClone(events);
          const event = altered[which % altered.length]!;
          const paths = pathsOf({ atMs: 0, utc: '', type: '', data: event.data }).filter(
            (path) => path.length > 0,
          );
          put(event, paths[where % paths.length]!, value);
          rechain(bundle, altered);
          manifest(bundle);
          const one = await judged();
          if (one && what === 'gone' && one.result.outcome === 'completed')
            expect([one.altered, one.result.verdict === 'pass']).toEqual([true, false]);
        }),
        runs(60, 10),
      );
    },
  );
});
