import { listed, type ProbeStep, type Step } from './request-shape.ts';
import { badTemplatesIn, namesIn } from './template.ts';

export type Path = (string | number)[];

/** Where problems of a configuration are told, each with its place. */
export interface Told {
  /** A name of a template that nothing gives a value to. */
  unknown(path: Path, name: string, known: readonly string[]): void;
  wrong(path: Path, message: string): void;
}

/** What stands under these keys says where something is found, and holds no templates. */
const places = ['capture', 'same', 'value', 'id', 'each', 'next'];

/** Tells of each name in a request's templates that is not known there, and of bad templates in its JSON. */
export function checkRequest(told: Told, request: object, path: Path, known: readonly string[]): void {
  for (const [key, value] of Object.entries(request)) {
    if (places.includes(key)) continue;
    if (key === 'json')
      for (const { path: at, expected } of badTemplatesIn(value, [...path, key])) told.wrong(at, expected);
    for (const asked of namesIn(value, [...path, key]))
      if (!known.includes(asked.name) && !/^secret\../.test(asked.name))
        told.unknown(asked.path, asked.name, [...known, 'secret.NAME']);
  }
}

/** The same for steps in a row; gives what they capture. */
export function checkSteps(
  told: Told,
  steps: ProbeStep | Step | (ProbeStep | Step)[] | undefined,
  path: Path,
  known: readonly string[],
): string[] {
  const captured: string[] = [];
  for (const [i, step] of listed(steps).entries()) {
    const at = Array.isArray(steps) ? [...path, i] : path;
    checkRequest(told, step, at, [...known, ...captured]);
    captured.push(...Object.keys(step.capture));
  }
  return captured;
}
