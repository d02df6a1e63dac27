import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { inputError } from '../core/errors.ts';
import { declaredIn, type RestoreTest } from '../engine/plan-restore-test.ts';
import { registries } from './registries.ts';

/** What the command line says of what is restored, and of what is expected of it. */
export interface AskedFlags {
  strategy?: string;
  component?: string;
  backup?: string;
  from?: string[];
  check?: string[];
  database?: string;
  newest?: string;
  within?: string;
  zone?: string;
  rows?: string[];
  sql?: string[];
  fingerprint?: string;
  decrypt?: string;
  keyFrom?: string;
  keyFile?: string;
}

const usualStrategies = ['muster/strategy.yaml', 'strategy.yaml'];

/** What is meant by the arguments, the flags, and what the strategy declares. Throws input errors. */
export function askedBy(
  strategyArgument: string | undefined,
  componentArgument: string | undefined,
  flags: AskedFlags,
): RestoreTest {
  const strategyFile = flags.strategy ?? strategyArgument ?? usualStrategies.find((one) => existsSync(one));
  if (strategyFile === undefined)
    throw inputError('there is no strategy that says what a component is', {
      found: `no ${usualStrategies.join(' and no ')}`,
      expected: 'muster restore-test strategy.yaml component, or --strategy',
      hint: '`muster init` writes one',
    });
  const component = flags.component ?? componentArgument;
  if (component === undefined)
    throw inputError('which component is restored is not said', {
      expected: `--component: one of ${declaredIn(strategyFile, '', registries).components.join(', ')}`,
    });
  const { from, backup, check = [] } = flags;
  const declared = declaredIn(strategyFile, component, registries);
  const isStores = from?.every((one) => declared.stores.includes(one)) ?? false;
  const overlay = overlayOf(flags, isStores ? undefined : placeIn(from, declared.stores));
  const isExisting = backup === undefined && !isStores && (declared.existing || from !== undefined);
  if (!isExisting && Object.keys(overlay).length > 0)
    throw inputError('what is expected of a backup is said, and not which', {
      found: Object.keys(overlay).join(', '),
      expected: `--from: a file, folder, pattern or S3 URI; or existing: { from: … } of ${component}`,
    });
  return {
    strategyFile,
    restore: component,
    check,
    ...(isExisting ? { existing: overlay } : { ...(from && { from }), ...(backup && { backup }) }),
  };
}

/** Not a store: a file, a folder or a pattern from here, or an S3 URI. */
function placeIn(from: string[] | undefined, stores: readonly string[]): string | undefined {
  if (from === undefined) return undefined;
  const [place, ...more] = from;
  const isPlace = /^s3:\/\/|[/.*?[{]/.test(place!) || existsSync(place!);
  if (!isPlace || more.length > 0)
    throw inputError(`there is no store "${from.find((one) => !stores.includes(one))}"`, {
      found: from.join(', '),
      expected: `one of the stores ${stores.join(', ') || '(none is declared)'}, or one file, folder, pattern or S3 URI`,
      hint: more.length > 0 ? 'quote a pattern, so that the shell leaves it as it is' : undefined,
    });
  if (place!.startsWith('s3://')) return place;
  const path = resolve(place!);
  if (!/[*?[{]/.test(path) && !existsSync(path))
    throw inputError('there is no such backup', { found: place, expected: 'a file or a folder' });
  return path;
}

function overlayOf(flags: AskedFlags, from: string | undefined): Record<string, unknown> {
  const { database, newest, within, zone, rows, sql, fingerprint, decrypt, keyFrom, keyFile } = flags;
  if ((newest === undefined) !== (within === undefined))
    throw inputError('freshness needs a query and an age', {
      found: newest === undefined ? '--within alone' : '--newest alone',
      expected: '--newest "SELECT MAX(created_at) FROM orders" --within 26h',
    });
  const expect = {
    ...(newest ? { newest: { ...newestOf(newest), within, ...(zone && { zone }) } } : {}),
    ...(rows ? { rows: Object.fromEntries(rows.map(leastOf)) } : {}),
    ...(sql ? { sql: Object.fromEntries(sql.map((query, i) => [`query ${i + 1}`, query])) } : {}),
    ...(fingerprint ? { fingerprint: resolve(fingerprint) } : {}),
  };
  return {
    ...(from === undefined ? {} : { from }),
    ...(database ? { database } : {}),
    ...(decrypt
      ? {
          decrypt: {
            with: decrypt,
            ...(keyFrom && { keyFrom }),
            ...(keyFile && { keyFile: resolve(keyFile) }),
          },
        }
      : {}),
    ...(Object.keys(expect).length > 0 ? { expect } : {}),
  };
}

/** `orders.created_at` is a column, anything with a space a query. */
function newestOf(text: string): Record<string, string> {
  const column = /^([\w$.]+)\.([\w$]+)$/.exec(text);
  return column ? { table: column[1]!, column: column[2]! } : { query: text };
}

function leastOf(text: string): [string, number] {
  const match = /^(.+)=(\d+)$/.exec(text);
  if (!match)
    throw inputError('--rows is not understood', {
      found: text,
      expected: 'table=number, such as orders=1000',
    });
  return [match[1]!, Number(match[2])];
}
