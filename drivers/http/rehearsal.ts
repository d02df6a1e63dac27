import type { Clock } from '../../core/clock.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { Carried } from './carried.ts';
import type { Journey } from './journey.ts';
import { listAll } from './list.ts';
import type { Known } from './memory.ts';

/** From here down: ids that no load of a drill comes to, and that services which count to 2^31 take. */
const practiceIds = 2 ** 31 - 1;
const practiceValue = (id: number): string => `a5a5a5a5${id.toString(16).padStart(24, '0')}`;
/** Another one in each of its letters, so that nothing that is made of both is alike. */
const inverted = (value: string): string =>
  value.replaceAll(/[\da-f]/g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16));

type Stepping = <Value>(what: string, work: () => Promise<Value>) => Promise<Value>;

/** Throws environment errors. */
async function carryOut<Value>({ name }: Journey, what: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw environmentError(`the journey ${name} cannot be done before anything was broken: ${what}`, {
      found: messageOf(error),
      expected: 'a record that can be written, read and removed as the configuration says',
    });
  }
}

/**
 * Writes a record of its own, reads it, and one that nobody wrote, finds it in the list, removes it: a
 * journey of which nothing could be found out afterwards ends the drill before anything is broken. Throws
 * environment errors.
 */
export async function rehearse(
  journey: Journey,
  { index, of, clock }: { index: number; of: number; clock: Clock },
): Promise<void> {
  const { memory } = journey.options;
  const step: Stepping = (what, work) => carryOut(journey, what, work);
  const insist = (right: boolean, what: string, found: string): Promise<void> =>
    step(what, async () => {
      if (!right) throw new Error(found);
    });
  const settled = (): Promise<void> => clock.sleep(journey.shape.settles?.ms ?? 0);

  await step('listing', () => foreign(journey));
  const id = freeId(journey, index, of);
  const value = practiceValue(id);
  memory.practise(id);
  await step('writing', () => journey.write(id, value));
  const known = memory.get(id)!;
  await settled();
  const read = await step('reading', () => journey.read(known));
  await insist(
    read === value,
    'reading what was written',
    read === null ? 'it is not there' : 'another value',
  );
  if (journey.carried(known) !== null)
    await step('writing', () => writeBeside(journey, freeId(journey, index, of)));
  const nobody = freeId(journey, index, of);
  const nobodys = journey
    .echoes(known)
    .then((echoes) => echoes || journey.findsWhatNobodyWrote(known, nobody));
  await insist(
    !(await nobodys),
    'reading what nobody wrote',
    'it is answered as what is there is: give `read` a `value` that only the record has, or an `expect` that only a record meets',
  );
  const carried = await step('rewriting', () => carriedAnyway(journey, known, settled));
  await insist(
    carried !== 'value',
    'reading what was written',
    'what `read` asks by holds the value, so that nothing shows that it is kept: write {{value}} where no name is made of it',
  );
  const times = await step('listing', () => timesListed(journey, id, known.sent.at(-1)!));
  await insist(
    times === null || times === 1,
    'finding it in the list',
    `it is there ${times} times, with its value`,
  );
  if (carried !== null && !journey.shape.list && !journey.shape.remove) tellNeverAbsent(journey);
  if (!journey.shape.remove) return;
  await step('removing', () => journey.remove(known));
  const { beside } = journey;
  if (beside && !beside.removed) await step('removing', () => journey.remove(beside));
  await settled();
  const still = await step('reading what was removed', () => journey.read(known));
  await insist(still === null, 'reading what was removed', 'it is still there');
}

/** What the names of two records have in common says nothing of what was written in either. */
async function writeBeside(journey: Journey, id: number): Promise<void> {
  const { memory } = journey.options;
  memory.practise(id);
  await journey.write(id, inverted(practiceValue(id)));
  journey.beside = memory.get(id)!;
}

/**
 * What the record's names can say by themselves. Nothing of it where another value, once it was written, is
 * read by the same ones.
 */
async function carriedAnyway(journey: Journey, known: Known, settled: () => Promise<void>): Promise<Carried> {
  const carried = journey.carried(known);
  if (carried === null || journey.usesUp || !journey.shape.rewrite) return carried;
  const before = known.captured;
  const value = practiceValue(known.id).replace(/0/, '1');
  await journey.write(known.id, value);
  await settled();
  const same = journey.names.every((name) => known.captured![name] === before![name]);
  return same && (await journey.read(known)) === value ? null : carried;
}

function tellNeverAbsent(journey: Journey): void {
  if (journey.neverAbsent) return;
  journey.neverAbsent = true;
  journey.options.note(
    `${journey.name}: that a record is not there was never seen, and what \`read\` asks by may say by itself what was written, as a signed token does: unless a loss is found, nothing is concluded. Give the journey \`remove\` or \`list\``,
  );
}

/** The highest practice id of the journey that was not used yet. */
function freeId({ options: { memory } }: Journey, index: number, of: number): number {
  let id = practiceIds - (practiceIds % of) + index - of;
  while (memory.get(id)) id -= of;
  return id;
}

/** What the list holds of ids before any was written would be taken for what nobody wrote. */
async function foreign(journey: Journey): Promise<void> {
  const { memory, name } = journey.options;
  const { list } = journey.shape;
  if (!list || memory.count() > 0) return;
  let strange: number | null = null;
  await listAll(journey, list, (id) => void (strange ??= memory.get(id) ? null : id));
  if (strange !== null)
    throw new Error(
      `${name}: the list has the id ${String(strange)}, and nothing was written yet: send {{id}} so that it is told from the application's own, such as muster-{{id}}`,
    );
}

async function timesListed(journey: Journey, wanted: number, value: string): Promise<number | null> {
  const { list } = journey.shape;
  if (!list) return null;
  let times = 0;
  await listAll(journey, list, (id, found) => {
    if (id === wanted && found === value) times += 1;
  });
  return times;
}
