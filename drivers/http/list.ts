import type { FoundInItem } from './match.ts';
import { foundIn, foundOf } from './answer.ts';
import type { Journey } from './journey.ts';
import { everyAt } from './json-path.ts';
import { askedOf, type List } from './request-shape.ts';
import { runRequest } from './steps.ts';
import { namesIn } from './template.ts';

const patienceMs = 15_000;
/** More than a drill writes: a list that goes on for ever must end. */
const pagesMost = 100_000;

/**
 * Everything that the service lists, page by page. Items whose id is none of Muster's are the application's
 * own. Rejects where a page is not what it should be, or the pages go in a circle.
 */
export async function listAll(
  journey: Journey,
  list: List,
  emit: (id: number, value: string) => void,
): Promise<void> {
  const { asker, given } = journey.options;
  const { title } = askedOf(list);
  const paged = namesIn(list).some(({ name }) => name === 'cursor' || name === 'page');
  const seen = new Set<string>(['']);
  let cursor = '';
  for (let page = 1; page <= pagesMost; page += 1) {
    const done = await runRequest(
      asker,
      list,
      { ...given(), cursor, page: String(page) },
      { deadlineMs: patienceMs, fresh: true },
    );
    if (done.kind !== 'right') throw new Error(done.detail);
    if (done.answer.json === undefined) throw new Error(`${title}: its body is no JSON`);
    const items = everyAt(done.answer.json, list.each);
    for (const item of items) emitItem(journey, list, item, emit);
    if (!paged) return;
    if (list.next === undefined) {
      if (items.length === 0) return;
      continue;
    }
    cursor = foundOf(done.answer, list.next) ?? '';
    if (cursor === '') return;
    if (seen.has(cursor)) throw new Error(`${title}: its pages go in a circle`);
    seen.add(cursor);
  }
  throw new Error(`${title}: more than ${pagesMost} pages`);
}

function emitItem(
  journey: Journey,
  list: List,
  item: unknown,
  emit: (id: number, value: string) => void,
): void {
  const text = foundIn(item, list.id);
  if (text === undefined || !/^(0|[1-9]\d{0,9})$/.test(text)) return;
  const id = Number(text);
  const at = valueInItems(journey, list);
  // Without a value it is what was sent last, where anything was.
  const value = at === null ? journey.options.memory.get(id)?.sent.at(-1) : foundIn(item, at);
  emit(id, value ?? 'no value');
}

/** Where items have the value: where `list` says, or as `read` does; null where nobody says. */
export function valueInItems({ valueAt }: Journey, { value }: List): FoundInItem | null {
  const at = value ?? valueAt;
  return at === undefined || (typeof at !== 'string' && !('json' in at)) ? null : at;
}
