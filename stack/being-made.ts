import { labels } from './owner.ts';

/** By drill: the containers that the engine has been asked for, and has not answered about. */
const underWay = new Map<string, Set<Promise<unknown>>>();

/**
 * Asks the engine for a container of a drill, whose label is among these. A drill that ends meanwhile waits
 * for the answer: what the engine makes after the drill was taken down would stay.
 */
export async function makingContainer<T>(
  marks: Readonly<Record<string, string>>,
  make: () => Promise<T>,
): Promise<T> {
  const drill = marks[labels.drill] ?? '';
  const of = underWay.get(drill) ?? new Set();
  underWay.set(drill, of);
  const made = make();
  of.add(made);
  try {
    return await made;
  } finally {
    of.delete(made);
    if (of.size === 0) underWay.delete(drill);
  }
}

/** Resolves when nothing is being made for the drill, whether it was made or refused. */
export async function noneBeingMade(drill: string): Promise<void> {
  for (let of = underWay.get(drill); of; of = underWay.get(drill)) await Promise.allSettled([...of]);
}
