import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Source } from '../core/document.ts';
import { inputError, InputErrors, MusterError } from '../core/errors.ts';
import { everyFault, type Registries } from '../core/registries.ts';
import { restoreTestSchema, scenarioSchema } from '../core/scenario.ts';
import { strategySchema } from '../core/strategy.ts';

export function readInput(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw inputError(missing ? `there is no ${what} ${file}` : `cannot read ${what} ${file}`, {
      found: file,
      cause: error,
      hint: missing ? '`muster list scenarios` shows those at hand' : undefined,
    });
  }
}

/** Collects errors so that a user sees all of them at once. */
export class Problems {
  readonly all: MusterError[] = [];
  /** Runs `work`; an input error is collected and gives undefined, anything else passes through. */
  gather<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (error instanceof InputErrors) this.all.push(...error.all);
      else if (error instanceof MusterError && error.trouble === 'input') this.all.push(error);
      else throw error;
      return undefined;
    }
  }
  add(error: MusterError): void {
    this.all.push(error);
  }
  raise(): void {
    if (this.all.length > 0) throw new InputErrors(this.all);
  }
}

/** What a file declares under a name; nothing under those that every object has, such as `constructor`. */
export const owned = <T>(declared: Record<string, T> | undefined, name: string): T | undefined =>
  declared && Object.hasOwn(declared, name) ? declared[name] : undefined;

const faultSchemas = (registries: Registries) =>
  Object.fromEntries(Object.entries(everyFault(registries)).map(([name, fault]) => [name, fault.params]));

const stopsOf = ({ drivers }: Registries) =>
  Object.values(drivers).flatMap(({ backups }) =>
    Object.values(backups).flatMap(({ stops }) => (stops ? [stops] : [])),
  );

/** Every name that the files may use, for their schemas. */
export const catalogueOf = (registries: Registries) => ({
  drivers: Object.keys(registries.drivers),
  methods: [...new Set(Object.values(registries.drivers).flatMap((driver) => Object.keys(driver.backups)))],
  stores: Object.keys(registries.stores),
  faults: Object.keys(everyFault(registries)),
});

const makeSchemas = (registries: Registries) => ({
  scenario: scenarioSchema(faultSchemas(registries), stopsOf(registries)),
  restoreTest: restoreTestSchema(),
  strategy: strategySchema(catalogueOf(registries)),
});

const schemasMade = new WeakMap<Registries, ReturnType<typeof makeSchemas>>();

/** Made once for all files that are read with these registries. */
export function schemasOf(registries: Registries): ReturnType<typeof makeSchemas> {
  const schemas = schemasMade.get(registries) ?? makeSchemas(registries);
  schemasMade.set(registries, schemas);
  return schemas;
}

export const show = (file: string): string => {
  const short = relative(process.cwd(), file);
  return short.startsWith('..') ? file : short;
};

/** Gives an input error without a place the place of the reference that led to it. */
export function locate<T>(source: Source, path: (string | number)[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof MusterError && !(error instanceof InputErrors) && !error.at)
      throw inputError(error.message, {
        at: source.place(path),
        found: error.found,
        hint: error.hint,
        cause: error.cause,
      });
    throw error;
  }
}
