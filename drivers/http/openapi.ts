import { matchesGlob, resolve } from 'node:path';
import { inputError, messageOf } from '../../core/errors.ts';
import { probeSteps, type ProbeStep } from './request-shape.ts';
import type { HttpConfig } from './shape.ts';

/** What of an OpenAPI document is looked at, 2.0 to 3.1, with every reference resolved. */
interface Parameter {
  name: string;
  in: string;
  required?: boolean;
}
interface Response {
  /** Since 3.0. */
  content?: Record<string, unknown>;
  /** 2.0. */
  schema?: unknown;
}
interface Operation {
  operationId?: string;
  parameters?: Parameter[];
  responses?: Record<string, Response>;
  security?: Record<string, string[]>[];
  servers?: unknown[];
  /** 2.0. */
  produces?: string[];
}
type PathItem = { parameters?: Parameter[]; servers?: unknown[] } & Record<string, unknown>;
interface Document {
  paths?: Record<string, PathItem | undefined>;
  servers?: { url: string; variables?: Record<string, { default: string }> }[];
  security?: Record<string, string[]>[];
  basePath?: string;
  produces?: string[];
}

const others = ['post', 'put', 'patch', 'delete', 'head', 'options', 'trace'];
/** Answers that go on for as long as somebody listens. */
const endless = ['text/event-stream', 'multipart/x-mixed-replace', 'application/x-ndjson'];
const isJson = (type: string): boolean => /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type);

/** Probes of a service that its own document says, and operations that none was made of, each with why. */
export interface Derived {
  probes: Record<string, ProbeStep>;
  left: { operation: string; why: string }[];
}

/**
 * A configuration with the probes that the document beside the strategy gives. Input error where it cannot be
 * read, is no OpenAPI document, or gives none and nothing else is declared. Nothing is fetched by a network.
 */
export async function withDerived(
  config: HttpConfig,
  folder: string,
): Promise<{ config: HttpConfig; notes: string[] }> {
  if (config.openapi === undefined) return { config, notes: [] };
  const { from } = config.openapi;
  const derived = derivedFrom(await read(resolve(folder, from), from), config);
  if (Object.keys(derived.probes).length + Object.keys(config.probes).length === 0)
    throw inputError('no probe can be derived from the OpenAPI document', {
      found: `${from}: ${toldLeft(derived) || 'no operation'}`,
      expected: 'an operation GET without required parameters that says which status is a success',
      hint: 'probes: of your own, or paths under `leave` that are not to be left out',
    });
  const note = `${from}: ${toldProbes(derived)}; no probe of ${toldLeft(derived) || 'nothing else'}`;
  return { config: { ...config, probes: { ...derived.probes, ...config.probes } }, notes: [note] };
}

async function read(path: string, shown: string): Promise<Document> {
  const { default: parser } = await import('@apidevtools/swagger-parser');
  const local = { resolve: { http: false }, dereference: { circular: 'ignore' } } as const;
  return parser.validate(path, local).then(
    (document) => document as unknown as Document,
    (cause: unknown) => {
      throw inputError(`${shown} is no OpenAPI document that can be read`, {
        found: messageOf(cause).slice(0, 600),
        expected: 'a valid document of OpenAPI 2.0, 3.0 or 3.1, with all that it refers to on this machine',
        cause,
      });
    },
  );
}

/** Every GET that can be asked as it stands, with the status and the media type that it promises. */
export function derivedFrom(document: Document, config: HttpConfig): Derived {
  const derived: Derived = { probes: {}, left: [] };
  const before = config.base === '' ? prefixOf(document) : '';
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of others)
      if (item?.[method])
        derived.left.push({ operation: `${method.toUpperCase()} ${path}`, why: 'it may change something' });
    const get = item?.['get'] as Operation | undefined;
    if (!get) continue;
    const probe = probeOf(document, `${before}${path}`, path, item!, get, config);
    if (typeof probe === 'string') derived.left.push({ operation: `GET ${path}`, why: probe });
    else derived.probes[nameFor(get.operationId ?? path, { ...config.probes, ...derived.probes })] = probe;
  }
  return derived;
}

/** The probe, or why there is none. */
function probeOf(
  document: Document,
  asked: string,
  path: string,
  item: PathItem,
  get: Operation,
  config: HttpConfig,
): ProbeStep | string {
  const leave = config.openapi?.leave ?? [];
  if (leave.some((pattern) => matchesGlob(path, pattern))) return 'the strategy leaves it out';
  if (get.servers ?? item.servers) return 'it has servers of its own';
  const needed = requiredOf(item, get);
  if (needed.length > 0 || /[{}]/.test(asked)) return `it needs ${needed.join(', ') || 'a part of its path'}`;
  const schemes = get.security ?? document.security ?? [];
  if (schemes.length > 0 && schemes.every((one) => Object.keys(one).length > 0) && !config.auth)
    return `it asks who it is (${Object.keys(schemes[0]!).join(', ')}), and auth says nothing of that`;
  const statuses = successOf(get.responses ?? {});
  if (typeof statuses === 'string') return statuses;
  const types = typesOf(document, get, statuses);
  if (types.some((type) => endless.some((one) => type.startsWith(one)))) return 'its answer does not end';
  const json = types.length > 0 && types.every(isJson);
  return probeSteps.parse({
    get: asked,
    alike: true,
    expect: {
      ...(statuses.length > 0 ? { status: statuses } : {}),
      ...(json ? { headers: { 'content-type': { pattern: jsonType } }, isJson: true } : {}),
    },
  }) as ProbeStep;
}
const jsonType = '^[Aa]pplication/([\\w.+\\-]+\\+)?[Jj]son\\s*(;|$)';

/** Those of the operation take the place of the path's. */
function requiredOf(item: PathItem, get: Operation): string[] {
  const all = new Map(
    [...(item.parameters ?? []), ...(get.parameters ?? [])].map((one) => [`${one.in} ${one.name}`, one]),
  );
  return [...all.values()].filter((one) => one.required || one.in === 'path').map(({ name }) => name);
}

/** Statuses by which it says that it went well; none where it says no more than that it is 2XX. */
function successOf(responses: Record<string, Response>): number[] | string {
  const declared = Object.keys(responses);
  const of = (first: string): number[] =>
    declared.filter((code) => new RegExp(`^${first}\\d\\d$`).test(code)).map(Number);
  if (declared.some((code) => /^2xx$/i.test(code))) return [];
  if (of('2').length > 0) return of('2');
  return of('3').length > 0 ? of('3') : 'it does not say which status is a success';
}

/** Media types of the answers that are a success. */
function typesOf(document: Document, get: Operation, statuses: readonly number[]): string[] {
  const isMeant = (code: string): boolean =>
    statuses.length > 0 ? statuses.includes(Number(code)) : /^2/.test(code);
  const answers = Object.entries(get.responses ?? {}).filter(([code]) => isMeant(code));
  const bodies = answers.map(([code, { content, schema }]) => {
    if (code === '204') return [];
    if (content) return Object.keys(content);
    return schema === undefined ? [] : (get.produces ?? document.produces ?? []);
  });
  // Where one of them may have no body, none is promised.
  return bodies.some((types) => types.length === 0) ? [] : bodies.flat();
}

/** What stands before every path, by the first server of the document. */
function prefixOf({ servers, basePath }: Document): string {
  const [first] = servers ?? [];
  const url = first?.url.replace(
    /\{([^}]+)\}/g,
    (_, name: string) => first?.variables?.[name]?.default ?? '',
  );
  const path = basePath ?? (url === undefined ? '/' : new URL(url, 'http://service/').pathname);
  return path.replace(/\/$/, '');
}

/** As names of probes are, and one that no other has. */
function nameFor(said: string, taken: Record<string, unknown>): string {
  const plain = said
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '');
  const name = plain === '' ? 'root' : plain;
  for (let i = 1; ; i += 1) {
    const one = i === 1 ? name : `${name}-${i}`;
    if (!Object.hasOwn(taken, one)) return one;
  }
}

const shownMost = 8;
const listed = (all: readonly string[]): string =>
  all.length <= shownMost
    ? all.join(', ')
    : `${all.slice(0, shownMost).join(', ')} and ${all.length - shownMost} more`;

const toldProbes = ({ probes }: Derived): string => {
  const all = Object.values(probes).map(({ get }) => `GET ${get}`);
  return all.length === 0 ? 'no probe is derived' : `a probe each of ${listed(all)}`;
};

function toldLeft({ left }: Derived): string {
  const changing = left.filter(({ operation }) => !operation.startsWith('GET '));
  const rest = left.filter(({ operation }) => operation.startsWith('GET '));
  const told = rest.map(({ operation, why }) => `${operation} (${why})`);
  const count = `${changing.length} operations that may change something`;
  return [...(told.length > 0 ? [listed(told)] : []), ...(changing.length > 0 ? [count] : [])].join(', ');
}
