import type { Clock } from '../../core/clock.ts';
import type { Check } from '../../core/driver.ts';
import type { Blind, DataClient, DataWorkload } from '../../core/workload.ts';
import type { Journey } from './journey.ts';
import { listAll, valueInItems } from './list.ts';
import type { Known, Memory } from './memory.ts';
import { rehearse } from './rehearsal.ts';
import type { List } from './request-shape.ts';

export interface JourneysOptions {
  journeys: readonly Journey[];
  memory: Memory;
  clock: Clock;
  /** Does once what the configuration wants done before anything is written. */
  setUp(): Promise<void>;
}

const readersAtOnce = 16;
/** Where what was removed must never be back, enough is removed to see it, however slow the load is. */
const removalsOfNoReturn = 0.25;

/** What the journeys write, in turn: each record belongs to the one that its id says. */
export function journeysWorkload({ journeys, memory, clock, setUp }: JourneysOptions): DataWorkload {
  const of = (id: number): Journey => journeys[id % journeys.length]!;
  const known = (id: number): Known => memory.get(id)!;
  return {
    kind: 'data',
    groupSize: 1,
    neverReturn: journeys[0]!.shape.neverReturn,
    ...(journeys[0]!.shape.neverReturn ? { removals: removalsOfNoReturn } : {}),
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
    journey.shape.list ? !showsValues(journey, journey.shape.list) : journey.valueAt === undefined,
  );
  return [
    ...(byName ? (['phantom', 'duplicated'] as const) : []),
    ...(unnamed ? (['failed'] as const) : []),
    ...(unseen ? (['corrupt'] as const) : []),
  ];
}

/** Items have the value, or each record is read by itself for it. */
const showsValues = (journey: Journey, list: List): boolean =>
  valueInItems(journey, list) !== null || readsValues(journey, list);
const readsValues = (journey: Journey, list: List): boolean =>
  valueInItems(journey, list) === null && journey.valueAt !== undefined && !journey.usesUp;

async function settle({ shape }: Journey, own: readonly Known[], clock: Clock): Promise<void> {
  if (!shape.settles) return;
  const last = own.reduce((latest, { changedMs }) => Math.max(latest, changedMs), 0);
  const leftMs = last + shape.settles.ms - clock.nowMs();
  if (leftMs > 0) await clock.sleep(leftMs);
}

/**
 * By the list where there is one; by asking for each record where there is none, and for the values where
 * items have none. A list that lacks what can be read by itself was cut off, and one that has what cannot is
 * not up to date: then nothing is concluded from it.
 */
async function readBack(
  journey: Journey,
  own: readonly Known[],
  emit: (id: number, value: string) => void,
): Promise<void> {
  const { list } = journey.shape;
  if (!list) return readEach(journey, own, emit);
  const listed = new Map<number, string>();
  const times: [number, string][] = [];
  await listAll(journey, list, (id, value) => {
    listed.set(id, value);
    times.push([id, value]);
  });
  const inItems = !readsValues(journey, list);
  if (!journey.usesUp) {
    await assertNoneMissing(journey, own, listed);
    const there = own.filter(
      (known) => listed.has(known.id) && journey.canLookFor(known) && !(inItems && known.unsure),
    );
    const some = inItems ? spread(there, readByThemselves) : there;
    await each(some, async (known) => {
      const value = await journey.read(known, true);
      if (value !== null) listed.set(known.id, value);
      else if (!known.unsure && !known.removed) throw contradiction(journey, known, 'has', 'which is not');
    });
  }
  for (const [id, value] of times) emit(id, inItems ? value : listed.get(id)!);
}

async function readEach(
  journey: Journey,
  own: readonly Known[],
  emit: (id: number, value: string) => void,
): Promise<void> {
  let there = 0;
  let absent = 0;
  await each(own.filter(journey.canLookFor), async (known) => {
    const value = await journey.read(known, true);
    if (value !== null) emit(known.id, value);
    if (!known.captured || known.unsure || known.removed || journey.options.memory.isPractice(known.id))
      return;
    if (value === null) absent += 1;
    else there += 1;
  });
  if (journey.neverAbsent && absent === 0 && there > 0)
    throw new Error(
      `${journey.name}: none of ${there} records was found absent, and nothing has shown that one could be: what \`read\` asks by may say by itself what was written, as a signed token does. Give the journey \`remove\` or \`list\``,
    );
}

const contradiction = ({ name }: Journey, { id }: Known, does: string, which: string): Error =>
  new Error(`${name}: the list ${does} record ${id}, ${which} there when it is read by itself`);

/** What was removed, or surely not written, is looked for as well: it may answer, and be in no list. */
async function assertNoneMissing(
  journey: Journey,
  own: readonly Known[],
  listed: ReadonlyMap<number, string>,
): Promise<void> {
  const missing = own.filter(
    (known) =>
      journey.canLookFor(known) &&
      !listed.has(known.id) &&
      !((known.removed || known.unsure) && journey.isAmbiguous(known)),
  );
  await each(missing, async (known) => {
    const value = await journey.read(known, true);
    // Its name may be a stranger's by now.
    if (value !== null && (!known.removed || known.sent.includes(value)))
      throw contradiction(journey, known, 'lacks', 'which is');
  });
}

/** Of what a list shows with its values so many are read by themselves: an index may outlive its table. */
const readByThemselves = 256;
const spread = <Item>(all: readonly Item[], most: number): Item[] =>
  all.length <= most
    ? [...all]
    : Array.from({ length: most }, (_, i) => all[Math.floor((i * all.length) / most)]!);

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
    if (memory.names === 0)
      return {
        verdict: 'inconclusive',
        detail: `the service named none of ${written} records: clients did`,
        facts,
        nothing: true,
      };
    return { verdict: 'pass', detail: `none of ${written} records lost its name to another`, facts };
  },
});
