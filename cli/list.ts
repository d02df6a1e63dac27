import { readFileSync } from 'node:fs';
import { nearest, parseSource } from '../core/document.ts';
import { inputError, messageOf } from '../core/errors.ts';
import { matrixOf, matrixPage, paramsOf, type Reason } from './matrix.ts';
import { chalkFor, short } from './output.ts';
import { everyFault, faultFor } from '../core/registries.ts';
import type { AnyDriver } from '../core/driver.ts';
import { registries } from './registries.ts';
import { findScenarios, passedOverText } from './scenarios.ts';

/** `own`: of scenarios, that it is the user's, so that a run without names runs it. */
interface Row {
  name: string;
  about: string;
  more: string[];
  own?: boolean;
}

const sufferedBy = (driver: AnyDriver): string[] =>
  Object.keys(everyFault(registries)).filter(
    (name) => typeof faultFor(driver, name, registries) !== 'string',
  );

/** Of one with a slip in it nothing is known, and the others are listed all the same. */
function titleIn(file: string): string {
  try {
    const read = parseSource(short(file), readFileSync(file, 'utf8')).data as { title?: unknown } | null;
    return typeof read?.title === 'string' ? read.title : '';
  } catch (error) {
    return `cannot be run: ${messageOf(error)}`;
  }
}

const rowsOf: Record<string, () => Row[]> = {
  scenarios: () =>
    findScenarios().scenarios.map(({ name, file, own }) => ({
      name,
      about: titleIn(file),
      more: [],
      own,
    })),
  drivers: () =>
    Object.entries(registries.drivers).map(([name, driver]) => ({
      name,
      about: driver.about,
      more: [
        `can suffer ${sufferedBy(driver).join(', ') || 'nothing'}`,
        ...Object.entries(driver.backups).flatMap(([method, { about, kind, stops = {} }]) => [
          `backup ${method} (${kind}): ${about}`,
          ...Object.entries(stops).map(([stop, schema]) => `  until ${stop}: ${schema.description}`),
        ]),
        ...Object.entries(driver.actions).flatMap(([action, entry]) => [
          `action ${action}: ${entry.about}`,
          ...paramsOf(entry).map((line) => `  ${line}`),
        ]),
        ...Object.entries(driver.checks).map(([check, { about }]) => `check ${check}: ${about}`),
        ...Object.entries(driver.generators ?? {}).map(
          ([generator, about]) => `load by ${generator}: ${about}`,
        ),
        ...(driver.sustained ? [`sustained load: ${driver.sustained.about}`] : []),
      ],
    })),
  faults: () => {
    const { components, stores, regions } = matrixOf(registries);
    const by = (what: string, takers: Record<string, Reason>): string =>
      `taken by ${what}${
        Object.keys(takers)
          .filter((one) => takers[one] === null)
          .join(', ') || 'none'
      }`;
    const takers = new Map([
      ...components.map((row) => [row.fault, by('', row.takers)] as const),
      ...stores.map((row) => [row.fault, by('stores: ', row.takers)] as const),
      ...regions.map((row) => [row.fault, 'taken by every region that services are labelled with'] as const),
    ]);
    return Object.entries(everyFault(registries)).map(([name, fault]) => ({
      name,
      about: fault.about,
      more: [takers.get(name)!, ...paramsOf(fault)],
    }));
  },
  stores: () => Object.entries(registries.stores).map(([name, { about }]) => ({ name, about, more: [] })),
  measures: () => Object.entries(registries.measures).map(([name, { about }]) => ({ name, about, more: [] })),
  formats: () =>
    Object.entries(registries.formats).map(([name, { about, file }]) => ({
      name,
      about: `${about} (${file})`,
      more: [],
    })),
};

/** `muster list`: what there is, from the registries themselves. */
export async function list(what: string, flags: { json?: boolean }): Promise<number> {
  if (what === 'matrix') {
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ schema: 'muster/list/v1', matrix: matrixOf(registries) }, null, 2)}\n`
        : matrixPage(registries),
    );
    return 0;
  }
  const rows = Object.hasOwn(rowsOf, what) ? rowsOf[what]!() : null;
  if (!rows) {
    const names = [...Object.keys(rowsOf), 'matrix'];
    const near = nearest(what, names);
    throw inputError(`nothing is listed under "${what}"`, {
      found: what,
      expected: `one of ${names.join(', ')}`,
      hint: near ? `did you mean "${near}"?` : undefined,
    });
  }
  if (what === 'scenarios')
    for (const text of passedOverText(findScenarios())) process.stderr.write(`${text}\n`);
  if (flags.json)
    process.stdout.write(`${JSON.stringify({ schema: 'muster/list/v1', [what]: rows }, null, 2)}\n`);
  else {
    const paint = chalkFor(process.stdout);
    const width = Math.max(...rows.map(({ name }) => name.length));
    const row = (head: string, text: string): string => `${paint.bold(head.padEnd(width))}  ${text}\n`;
    for (const { name, about, more, own } of rows) {
      process.stdout.write(row(name, own === false ? `${about} ${paint.dim('(comes with Muster)')}` : about));
      for (const line of more) process.stdout.write(row('', paint.dim(line)));
    }
  }
  return 0;
}
