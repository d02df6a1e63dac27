import type { Clock } from '../../core/clock.ts';
import type { Check } from '../../core/driver.ts';
import type { Blind, DataClient, DataWorkload } from '../../core/workload.ts';
import type { Journey } from './journey.ts';
import { listAll, valueInItems } from './list.ts';
import type { Known, Memory } from './memory.ts';
import { rehearse } from './rehearsal.ts';

export interface JourneysOptions {
  journeys: readonly Journey[];
  memory: Memory;
  clock: Clock;
  /** Does once what the configuration wants done before anything is written. */
  setUp(): Promise<void>;
}

const readersAtOnce = 16;

/** What the journeys write, in turn: each record belongs to the one that its id says. */
export function journeysWorkload({ journeys, memory, clock, setUp }: JourneysOptions): DataWorkload {
  const of = (id: number): Journey => journeys[id % journeys.length]!;
  const known = (id: number): Known => memory.get(id)!;
  return {
    kind: 'data',
    groupSize: 1,
    neverReturn: journeys[0]!.shape.neverReturn,
    blindTo: blindnessOf(journeys),
    prepare: async () => {
      await setUp();
      for (const [index, journey] of journeys.entries())
        await rehearse(journey, { index, of: journeys.length, clock });
    },
    open: async (): Promise<DataClient> => ({
      write: ([id], [value]) => of(id!).write(id!, value!),
      read: (id) => (memory.get(id) ? of(id).read(known(id)) : Promise.resolve(null)),
      remove: (id) => (memory.get(id) ? of(id).remove(known(id)) : Promise.resolve()),
      can: (what, id) => of(id).can(what, id),
      close: async () => undefined,
    }),
    readBack: async (emit) => {
      const told = (id: number, value: string): void => void (memory.isPractice(id) || emit(id, value));
      for (const journey of journeys) {
        const own = memory.all().filter(({ id }) => of(id) === journey);
        await settle(journey, own, clock);
        await readBack(journey, own, told);
      }
    },
  };
}

/** What reading back cannot show, whatever is there: true of one journey is true of the load. */
function blindnessOf(journeys: readonly Journey[]): Blind[] {
  const byName = journeys.some(({ shape }) => !shape.list);
  const unnamed = journeys.some(({ shape, names }) => !shape.list && names.length > 0);
  const unseen = journeys.some((journey) =>
    journey.shape.list ? valueInItems(journey, journey.shape.list) === null : journey.valueAt === undefined,
  );
  return [
    ...(byName ? (['phantom', 'duplicated'] as const) : []),
    ...(unnamed ? (['failed'] as const) : []),
    ...(unseen ? (['corrupt'] as const) : []),
  ];
}

async function settle({ shape }: Journey, own: readonly Known[], clock: Clock): Promise<void> {
  if (!shape.settles) return;
  const last = own.reduce((latest, { changedMs }) => Math.max(latest, changedMs), 0);
  const leftMs = last + shape.settles.ms - clock.nowMs();
  if (leftMs > 0) await clock.sleep(leftMs);
}

/**
 * By the list where there is one; by asking for each record where there is none. A list that lacks what can
 * be read by itself was cut off, or is not up to date: then nothing is concluded from it.
 */
async function readBack(
  journey: Journey,
  own: readonly Known[],
  emit: (id: number, value: string) => void,
): Promise<void> {
  const { list } = journey.shape;
  if (!list)
    return each(own.filter(journey.canLookFor), async (known) => {
      const value = await journey.read(known, true);
      if (value !== null) emit(known.id, value);
    });
  const listed = new Set<number>();
  await listAll(journey, list, (id, value) => {
    listed.add(id);
    emit(id, value);
  });
  if (journey.usesUp) return;
  const missing = own.filter(({ id, captured, removed }) => captured && !removed && !listed.has(id));
  await each(missing, async (known) => {
    if ((await journey.read(known, true)) !== null)
      throw new Error(
        `${journey.name}: the list lacks record ${known.id}, which is there when it is read by itself`,
      );
  });
}

/** Some at once. Rejects with the first failure, after those under way have ended. */
async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const ended = await Promise.allSettled(
    Array.from({ length: readersAtOnce }, async () => {
      for (let item = left.pop(); item !== undefined; item = left.pop())
        await work(item).catch((error: unknown) => {
          left.length = 0;
          throw error;
        });
    }),
  );
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}

/** What was acknowledged under a name has not lost it to another record. */
export const namesStay = (memory: Memory): Check => ({
  after: async () => {
    const written = memory.all().filter(({ id, captured }) => captured && !memory.isPractice(id)).length;
    const facts = { written, renamed: memory.renamed };
    if (memory.renamed > 0)
      return {
        verdict: 'fail',
        detail: `${memory.renamed} of ${written} records were acknowledged under a name that the service then gave to another: whoever kept it finds another's data`,
        facts,
      };
    if (written === 0) return { verdict: 'inconclusive', detail: 'no record was written', facts };
    return { verdict: 'pass', detail: `none of ${written} records lost its name to another`, facts };
  },
});
