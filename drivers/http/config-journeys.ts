import { checkRequest, checkSteps, type Path, type Told } from './names.ts';
import { listed, type ReadStep } from './request-shape.ts';
import type { JourneyShape } from './shape.ts';
import { namesIn } from './template.ts';

const asks = (steps: unknown, name: string): boolean => namesIn(steps).some((asked) => asked.name === name);

/** Tells of what makes a journey one of which nothing could be found out. */
export function checkJourney(
  told: Told,
  journey: JourneyShape,
  path: Path,
  outside: readonly string[],
): void {
  const { write, rewrite, read, list, remove } = journey;
  const written = checkSteps(told, write, [...path, 'write'], [...outside, 'id', 'value']);
  const clash = written.find((name) => outside.includes(name));
  if (clash !== undefined)
    told.wrong([...path, 'write'], `captures of other names than ${clash}, which is captured already`);
  const own = [...outside, 'id', ...written];
  const changed = checkSteps(told, rewrite, [...path, 'rewrite'], [...own, 'value']);
  const strange = changed.find((name) => !written.includes(name));
  if (strange !== undefined)
    told.wrong([...path, 'rewrite'], `captures of names that \`write\` captures, and not ${strange}`);
  checkSteps(told, read, [...path, 'read'], own);
  checkSteps(told, remove, [...path, 'remove'], own);
  if (list) checkRequest(told, list, [...path, 'list'], [...outside, 'cursor', 'page']);

  const tellsApart = ['id', ...written];
  for (const [name, steps] of Object.entries({ rewrite, read, remove }))
    if (steps && !tellsApart.some((one) => asks(steps, one)))
      told.wrong(
        [...path, name],
        `{{id}} or a capture of \`write\`: otherwise it is the same request whatever was written`,
      );
  const last = listed(read).at(-1)!;
  checkFound(told, journey, last, path);
  if (rewrite && (!asks(rewrite, 'value') || !last.value))
    told.wrong(
      [...path, 'rewrite'],
      'a {{value}} in it, which `read` gives back: otherwise nothing shows that it was done',
    );
}

/** What is looked for in an answer must have been written. */
function checkFound(told: Told, { write, read, list }: JourneyShape, last: ReadStep, path: Path): void {
  const early = listed(read)
    .slice(0, -1)
    .findIndex(({ value, id }) => value ?? id);
  if (early !== -1) told.wrong([...path, 'read', early], '`value` and `id` in the last step alone');
  const at = Array.isArray(read) ? [...path, 'read', read.length - 1] : [...path, 'read'];
  const never = (place: Path, name: string): void =>
    told.wrong(place, `a {{${name}}} in \`write\`: what was never written is not read`);
  if (last.value !== undefined && !asks(write, 'value')) never([...at, 'value'], 'value');
  if (last.id !== undefined && !asks(write, 'id')) never([...at, 'id'], 'id');
  if (!list) return;
  if (!asks(write, 'id')) never([...path, 'list', 'id'], 'id');
  if (list.value !== undefined && !asks(write, 'value')) never([...path, 'list', 'value'], 'value');
  if (asks(list, 'cursor') && list.next === undefined)
    told.wrong([...path, 'list'], '`next`: where a page says what {{cursor}} of the next one is');
  if (list.next !== undefined && !asks(list, 'cursor'))
    told.wrong([...path, 'list', 'next'], 'a {{cursor}} in the request, or there is but one page');
}
