import { readFile } from 'node:fs/promises';
import { LineCounter, isMap, isScalar, parseDocument, type Document, type Node } from 'yaml';
import { InputErrors, inputError, type MusterError, type Place } from '../core/errors.ts';
import type { StackDescription } from '../core/service.ts';
import { regionLabel } from './owner.ts';

interface Source { file: string; text: string; doc: Document; lines: LineCounter }

/**
 * Reads what a compose file declares, without Docker. Compose itself is the judge when the stack goes up; here only what
 * makes a drill impossible is refused: no services, and anything `external`, which a drill would have to share with
 * whoever owns it. Input errors carry file:line:column. Services that come by `include` or `extends` are not seen.
 */
export async function describeComposeFile(file: string): Promise<{ description: StackDescription; text: string }> {
  const source = await read(file);
  const problems = [...externals(source, 'volumes'), ...externals(source, 'networks')];
  const root: unknown = source.doc.toJS();
  const declared = isRecord(root) ? root['services'] : undefined;
  if (!isRecord(declared) || Object.keys(declared).length === 0) {
    problems.push(inputError('no services', { at: placeOf(source, ['services']), expected: 'a compose file with a `services:` mapping' }));
  } else {
    for (const [name, service] of Object.entries(declared)) {
      if (!isRecord(service)) problems.push(inputError(`service ${name} is not a mapping`, { at: placeOf(source, ['services', name]), found: String(service), expected: 'image, ports, volumes, …' }));
    }
  }
  if (problems.length > 0) throw problems.length === 1 ? problems[0]! : new InputErrors(problems);
  const services = new Map(Object.entries(declared as Record<string, Record<string, unknown>>).map(([name, service]) => [name, {
    ports: [...list(service['ports']).flatMap(containerPorts), ...list(service['expose']).flatMap(containerPorts)],
    volumes: list(service['volumes']).flatMap(namedVolume),
    restart: typeof service['restart'] === 'string' && service['restart'] !== 'no' ? service['restart'] : null,
    region: labelOf(service['labels'], regionLabel),
    profiles: list(service['profiles']).map(String),
  }]));
  return { description: { file, services, ownFileSystems: ownFileSystems(root) }, text: source.text };
}

async function read(file: string): Promise<Source> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw inputError(`the compose file ${file} cannot be read`, { found: error.code ?? error.message, expected: 'a readable file', cause: error });
  });
  const lines = new LineCounter();
  // Merge keys (`<<`) are how compose files share; tags such as !reset are Compose's own business.
  const doc = parseDocument(text, { merge: true, lineCounter: lines, logLevel: 'silent' });
  if (doc.errors.length > 0) {
    // What follows the first one mostly follows from it.
    const error = doc.errors[0]!;
    throw inputError(`the compose file does not parse: ${error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')}`, {
      at: { file, line: error.linePos?.[0].line ?? 1, column: error.linePos?.[0].col ?? 1 },
      expected: 'YAML',
    });
  }
  return { file, text, doc, lines };
}

function externals(source: Source, kind: 'volumes' | 'networks'): MusterError[] {
  const declared = source.doc.get(kind);
  if (!isMap(declared)) return [];
  return declared.items.flatMap((item) => {
    const name = isScalar(item.key) ? String(item.key.value) : '';
    const external = source.doc.getIn([kind, name, 'external']);
    if (external === undefined || external === false) return [];
    return [inputError(`${kind.slice(0, -1)} ${name} is external`, {
      at: placeOf(source, [kind, name, 'external']),
      found: 'external: true',
      expected: 'something of the drill\'s own',
      hint: 'a drill acts only on what it made itself: declare it without `external` in a compose file for drills',
    })];
  });
}

/** Volumes in memory, which must have a size, and those on a device of their own. */
function ownFileSystems(root: unknown): Set<string> {
  const volumes = isRecord(root) && isRecord(root['volumes']) ? Object.entries(root['volumes']) : [];
  const isOwn = (volume: unknown): boolean => {
    const options = isRecord(volume) ? volume['driver_opts'] : undefined;
    if (!isRecord(options)) return false;
    return options['type'] === 'tmpfs' ? /(^|,)size=/.test(String(options['o'])) : String(options['device']).startsWith('/dev/');
  };
  return new Set(volumes.filter(([, volume]) => isOwn(volume)).map(([name]) => name));
}

function placeOf(source: Source, path: string[]): Place {
  const node = source.doc.getIn(path, true) as Node | undefined;
  const { line, col } = source.lines.linePos(node?.range?.[0] ?? 0);
  return { file: source.file, line: Math.max(1, line), column: Math.max(1, col) };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** `${NAME:-default}` as Compose will read it, so that a colon inside the braces does not look like a separator. */
const interpolated = (text: string): string =>
  text.replace(/\$\{(\w+)(?::?-([^}]*)|:?\?[^}]*)?\}/g, (_, name: string, fallback?: string) => process.env[name] || fallback || '');

/** The container's side of one `ports` or `expose` entry: `6379`, `127.0.0.1::6379`, `8000-8001:80-81/tcp`, `{ target: 80 }`. */
function containerPorts(entry: unknown): number[] {
  if (isRecord(entry)) return containerPorts(entry['target']);
  const [, from, to] = /(\d+)(?:-(\d+))?$/.exec(interpolated(String(entry)).split('/')[0]!) ?? [];
  if (from === undefined) return [];
  return Array.from({ length: Number(to ?? from) - Number(from) + 1 }, (_, index) => Number(from) + index);
}

/** Labels are a mapping or a list of `name=value`. */
function labelOf(labels: unknown, name: string): string | null {
  const found = isRecord(labels) ? labels[name] : list(labels).map(String).find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
  return found === undefined || found === null ? null : interpolated(String(found));
}

function namedVolume(entry: unknown): string[] {
  if (isRecord(entry)) return (entry['type'] ?? 'volume') === 'volume' && typeof entry['source'] === 'string' ? [entry['source']] : [];
  const [source, target] = interpolated(String(entry)).split(':');
  return target !== undefined && /^[a-zA-Z0-9]/.test(source!) ? [source!] : [];
}
