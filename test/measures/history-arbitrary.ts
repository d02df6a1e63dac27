import fc from 'fast-check';
import {
  flagContinues,
  kinds,
  outcomes,
  type LedgerRecord,
  type OperationOutcome,
} from '../../core/ledger.ts';
import { operation } from './timeline-builder.ts';

/**
 * A history of a few ids, their reads, and what is read back: anything that a ledger may hold by its
 * contract, and much that a sane store would not do.
 */
export interface History {
  records: LedgerRecord[];
  faultMs: number;
  recoveryMs: number;
  automatic: boolean;
  neverReturn: boolean;
}

type Step = {
  gapMs: number;
  durationMs: number;
  outcome: OperationOutcome;
  remove: boolean;
  repeats: boolean;
};

const outcome = fc.constantFrom<OperationOutcome>(
  outcomes.ok,
  outcomes.ok,
  outcomes.ok,
  outcomes.unknown,
  outcomes.fail,
);
const step: fc.Arbitrary<Step> = fc.record({
  gapMs: fc.nat(400),
  durationMs: fc.nat(300),
  outcome,
  remove: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
  repeats: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});
const shown = fc.oneof(
  fc.constant<'last' | 'nothing' | 'foreign'>('last'),
  fc.constant<'last' | 'nothing' | 'foreign'>('nothing'),
  fc.constant<'last' | 'nothing' | 'foreign'>('foreign'),
  fc.nat(5),
);
const read = fc.record({ atMs: fc.nat(4_000), durationMs: fc.nat(200), outcome, shown });
const cluster = fc.record({
  size: fc.constantFrom(1, 1, 2, 4),
  startMs: fc.nat(2_000),
  steps: fc.array(step, { maxLength: 5 }),
  shown: fc.array(shown, { minLength: 4, maxLength: 4 }),
  alike: fc.boolean(),
  twice: fc.nat(9),
  reads: fc.array(read, { maxLength: 4 }),
  alone: fc.nat(9),
});

/** Ids are dealt out in blocks of four, far enough apart to fall into several windows of 16. */
const clusterBytes = 4;

export const history: fc.Arbitrary<History> = fc
  .record({
    clusters: fc.array(cluster, { minLength: 1, maxLength: 12 }),
    faultMs: fc.integer({ min: 500, max: 3_000 }),
    lagMs: fc.nat(800),
    automatic: fc.boolean(),
    neverReturn: fc.boolean(),
    calmMs: fc.constantFrom(0, 3_000),
    late: fc.option(
      fc.record({
        atMs: fc.integer({ min: 1_000, max: 9_000 }),
        durationMs: fc.integer({ min: 1, max: 9_000 }),
        outcome,
      }),
    ),
  })
  .map(({ clusters, faultMs, lagMs, automatic, neverReturn, calmMs, late }) => {
    const records = clusters.flatMap((one, at) => recordsOf(one, at * clusterBytes));
    for (let i = 0; i * 100 < calmMs; i += 1)
      records.push(operation(0, kinds.answer, i, 4_600 + i * 100, null));
    if (late)
      records.push(
        operation(0, kinds.answer, 999, late.atMs, null, {
          durationMs: late.durationMs,
          outcome: late.outcome,
        }),
      );
    return { records, faultMs, recoveryMs: faultMs + lagMs, automatic, neverReturn };
  });

type Cluster = typeof cluster extends fc.Arbitrary<infer T> ? T : never;

function recordsOf(
  { size, startMs, steps, shown: shows, alike, twice, reads, alone }: Cluster,
  first: number,
): LedgerRecord[] {
  const records: LedgerRecord[] = [];
  const ids = Array.from({ length: size }, (_, at) => first + at);
  const written = new Map<number, string[]>(ids.map((id) => [id, []]));
  let ms = startMs;
  steps.forEach((one, version) => {
    ms += one.gapMs;
    const single = one.remove || (size > 1 && version === alone);
    for (const id of single ? ids.slice(0, 1) : ids) {
      const value = one.repeats && version > 0 ? `${id} v${version - 1}` : `${id} v${version}`;
      if (!one.remove) written.get(id)!.push(value);
      records.push(
        operation(0, one.remove ? kinds.remove : kinds.write, id, ms, one.remove ? null : value, {
          durationMs: one.durationMs,
          outcome: one.outcome,
          group: one.remove ? id : first,
          flags: one.remove || id === first ? 0 : flagContinues,
        }),
      );
    }
    ms += one.durationMs;
  });
  const shownValue = (id: number, which: Cluster['shown'][number]): string | null => {
    const values = written.get(id)!;
    if (which === 'nothing') return null;
    if (which === 'foreign') return 'nobody wrote this';
    return (which === 'last' ? values.at(-1) : values[which]) ?? null;
  };
  ids.forEach((id, at) => {
    const value = shownValue(id, shows[alike ? 0 : at]!);
    if (value !== null)
      for (let copy = 0; copy < (twice === at ? 2 : 1); copy += 1)
        records.push(operation(0, kinds.readback, id, 9_000, value));
  });
  reads.forEach(({ atMs, durationMs, outcome: how, shown: which }, at) => {
    const id = ids[at % size]!;
    records.push(operation(0, kinds.read, id, atMs, shownValue(id, which), { durationMs, outcome: how }));
  });
  return records;
}

export const isOperation = (record: LedgerRecord): boolean => record.kind !== kinds.readback;
