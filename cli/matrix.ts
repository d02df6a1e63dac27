import { z } from 'zod';
import type { ComponentFault } from '../core/fault.ts';
import { everyFault, faultFor, type Registries } from '../core/registries.ts';

/** Null where it can be done; otherwise why not. */
export type Reason = string | null;
export interface Row {
  fault: string;
  about: string;
  takers: Record<string, Reason>;
  /** What else plan asks for. */
  provided: string[];
}
export interface Matrix {
  components: Row[];
  stores: Row[];
  regions: Row[];
}

/**
 * Which driver can take which fault, which store can, and why the others cannot. From the registries alone.
 */
export function matrixOf(registries: Registries): Matrix {
  const { drivers, stores } = registries;
  const matrix: Matrix = { components: [], stores: [], regions: [] };
  const row = (
    fault: string,
    about: string,
    takers: Record<string, Reason>,
    provided: string[] = [],
  ): Row => ({ fault, about, takers, provided });
  for (const [name, fault] of Object.entries(everyFault(registries))) {
    if (fault.on === 'store') {
      const inService = (config: z.ZodType): boolean => Object.hasOwn(propertiesOf(config), 'service');
      const takers = Object.fromEntries(
        Object.entries(stores).map(([kind, { config }]) => [
          kind,
          fault.needsService && !inService(config) ? 'lives in no service' : null,
        ]),
      );
      matrix.stores.push(
        row(
          name,
          fault.about,
          takers,
          fault.through !== undefined
            ? [`a component before the store that can suffer ${fault.through}, through which its clients go`]
            : [],
        ),
      );
    } else if (fault.on === 'region') matrix.regions.push(row(name, fault.about, {}));
    else {
      const takers = Object.fromEntries(
        Object.entries(drivers).map(([driver, one]) => {
          const taken = faultFor(one, name, registries);
          return [driver, typeof taken === 'string' ? taken : null];
        }),
      );
      matrix.components.push(row(name, fault.about, takers, refusalsOf(fault)));
    }
  }
  return matrix;
}

/**
 * What a fault says of services whose volumes do not suit it: of one without any, and of one with a volume on
 * the engine's own disk.
 */
const refusalsOf = ({ refuses }: ComponentFault): string[] =>
  refuses
    ? [
        ...new Set(
          [[], ['data']].flatMap(
            (volumes) => refuses({ volumes, ownFileSystems: new Set(), restart: null, accounts: {} }) ?? [],
          ),
        ),
      ]
    : [];

interface Property {
  enum?: unknown[];
  description?: string;
}
const schemaOf = (type: z.ZodType): { properties?: Record<string, Property>; required?: string[] } =>
  z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as never;
const propertiesOf = (type: z.ZodType): Record<string, Property> => schemaOf(type).properties ?? {};

/** The parameters of a fault or an action, a line each. */
export function paramsOf({ params }: { params: z.ZodType }): string[] {
  const { properties = {}, required = [] } = schemaOf(params);
  const { shape } = params as z.ZodObject;
  return Object.entries(properties).map(([name, property]) => {
    // Asked of the type itself: JSON Schema has no default for what is read from text, as a duration is.
    const said = z.safeParse(shape[name]!, undefined).data as
      | { text?: string }
      | string
      | number
      | boolean
      | undefined;
    const fallback = required.includes(name)
      ? 'needed'
      : said === undefined
        ? 'may be left out'
        : `default ${typeof said === 'object' ? (said.text ?? JSON.stringify(said)) : said}`;
    const choice = property.enum ? `${property.enum.join(' | ')}; ` : '';
    return `param ${name} (${choice}${fallback})${property.description ? `: ${property.description}` : ''}`;
  });
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
export const tableOf = (columns: string[], rows: string[][]): string =>
  [columns, columns.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map(cell).join(' | ')} |\n`)
    .join('');
const takersOf = (rows: readonly Row[]): string[] => Object.keys(rows[0]?.takers ?? {});
const section = (rows: readonly Row[]): string =>
  tableOf(
    ['fault', ...takersOf(rows), 'what it does'],
    rows.map(({ fault, about, takers }) => [
      `\`${fault}\``,
      ...takersOf(rows).map((one) => takers[one] ?? '✓'),
      about,
    ]),
  );
const conditions = (rows: readonly Row[]): string =>
  rows.flatMap(({ fault, provided }) => provided.map((text) => `- \`${fault}\`: ${text}\n`)).join('');

/** As a page of the documentation. */
export function matrixPage(registries: Registries): string {
  const { components, stores, regions } = matrixOf(registries);
  return `# What can be broken which way

<!-- Made by \`npm run docs\` from the registries; a test fails when it is stale. -->

Muster refuses every other pairing when it plans, before a container starts. \`muster list faults\` says the parameters.

## Components, by driver

✓: it can suffer that. Otherwise the cell says why not: what the driver is, has or does.

${section(components)}
Refused at plan time although the driver could, where the compose file shows that

${conditions(components)}
## Stores of recovery points

${section(stores)}${conditions(stores) ? `\nNeeded besides:\n\n${conditions(stores)}` : ''}
## Regions

A region is every service that carries its label, \`muster.region\`.

${tableOf(
  ['fault', 'what it does'],
  regions.map(({ fault, about }) => [`\`${fault}\``, about]),
)}`;
}
