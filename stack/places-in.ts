import { parseSource, type Source } from '../core/document.ts';
import type { Place } from '../core/errors.ts';
import { isRecord, textOf } from './compose-file.ts';
import { projectFiles, type ProjectFile } from './project-files.ts';

/**
 * Where something of a service stands in the compose files of a project: as much of the path as is there.
 * What nothing but `extends` brings stands elsewhere; then the file's beginning.
 */
export async function placesIn(
  file: string,
  overrides: readonly string[] = [],
): Promise<(service: string, path: readonly (string | number)[]) => Place> {
  const { files } = await projectFiles([file, ...overrides]);
  const isIncluded = ({ by }: ProjectFile): boolean => by === 'include';
  // What goes over another comes after it.
  const texts = [...files.filter(isIncluded), ...files.filter(({ by }) => by === 'given')];
  let sources: Source[] | null = null;
  // Only errors have a place, and parsing takes a while.
  return (service, path) => {
    sources ??= texts.map((one) => parseSource(one.file, one.text));
    const found = sources.findLast(({ data }) => declares(data, ['services', service, ...path.slice(0, 1)]));
    const source = found ?? sources.find((one) => one.file === file)!;
    return source.place(inLists(source.data, ['services', service, ...path]));
  };
}

const declares = (root: unknown, path: readonly (string | number)[]): boolean =>
  path.reduce<unknown>((value, step) => (isRecord(value) ? value[step] : undefined), root) !== undefined;

/** A name on the way through a list of `name=value` or `name:value` is the number of its entry. */
function inLists(root: unknown, path: readonly (string | number)[]): (string | number)[] {
  let value = root;
  return path.map((step) => {
    const entries = Array.isArray(value) && typeof step === 'string' ? value.map(textOf) : [];
    const index = entries.findIndex((each) => each.startsWith(`${step}=`) || each.startsWith(`${step}:`));
    const found = index < 0 ? step : index;
    value = (value as Record<string | number, unknown> | null | undefined)?.[found];
    return found;
  });
}
