import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Alias,
  type Document,
  type Node,
  type Pair,
} from 'yaml';
import { inputError, type MusterError, type Place } from './errors.ts';

/** Deeper than any file that a person writes, and far from where reading it would overflow. */
const deepest = 64;
/** Values that a file may come to once its aliases stand for what they refer to. */
const mostValues = 100_000;

/** `values`: what a node comes to with its aliases resolved; `depth`: how deep that lies. */
interface Size {
  values: number;
  depth: number;
}

export const tooDeep = (at: Place): MusterError =>
  inputError('this is nested too deeply', { at, expected: `at most ${deepest} levels` });

interface Walk {
  at(offset: number): Place;
  problems: MusterError[];
  anchors: Map<string, Node>;
  /** Nodes that are being walked: what refers to one of them contains itself. */
  open: Set<Node>;
  sizes: Map<Node, Size>;
  /** Values of the whole file so far. */
  total: number;
}

/**
 * What makes a well-formed tree no value: aliases that refer to nothing, to what they stand in, or to more
 * than memory holds; merge keys that merge nothing; names that are lists or mappings; nesting that nobody
 * means. Each with its place.
 */
export function problemsOf(document: Document, at: (offset: number) => Place): MusterError[] {
  const walk: Walk = { at, problems: [], anchors: new Map(), open: new Set(), sizes: new Map(), total: 0 };
  if (isNode(document.contents)) sizeOf(document.contents, 1, walk);
  return walk.problems;
}

const nothing: Size = { values: 1, depth: 1 };

function sizeOf(node: Node, level: number, walk: Walk): Size {
  if (isAlias(node)) return sizeOfAlias(node, level, walk);
  if (node.anchor !== undefined) walk.anchors.set(node.anchor, node);
  const size = isCollection(node) ? sizeWithin(node, level, walk) : nothing;
  if (!isCollection(node)) count(node, 1, walk);
  walk.sizes.set(node, size);
  return size;
}

function sizeWithin(node: Node & { items: unknown[] }, level: number, walk: Walk): Size {
  count(node, 1, walk);
  if (level > deepest) {
    walk.problems.push(tooDeep(walk.at(node.range?.[0] ?? 0)));
    return nothing;
  }
  walk.open.add(node);
  const size: Size = { values: 1, depth: 1 };
  for (const child of childrenOf(node, walk)) {
    const { values, depth } = sizeOf(child, level + 1, walk);
    size.values += values;
    size.depth = Math.max(size.depth, depth + 1);
  }
  walk.open.delete(node);
  return size;
}

/** In their order, for an alias means the last anchor of its name that stands before it. */
function* childrenOf(node: Node & { items: unknown[] }, walk: Walk): Generator<Node> {
  if (!isMap(node)) {
    yield* node.items.filter(isNode);
    return;
  }
  for (const pair of node.items as Pair[]) {
    if (isCollection(pair.key)) refuse(walk, pair.key, 'a name is not a list or a mapping', 'a name');
    yield* [pair.key, pair.value].filter(isNode);
    if (isMerge(pair)) checkMerge(pair, walk);
  }
}

function sizeOfAlias(alias: Alias, level: number, walk: Walk): Size {
  const target = walk.anchors.get(alias.source);
  if (!target) {
    refuse(
      walk,
      alias,
      `*${alias.source} refers to nothing`,
      `&${alias.source} at a value that stands before it`,
    );
    return nothing;
  }
  if (walk.open.has(target)) {
    refuse(
      walk,
      alias,
      `*${alias.source} refers to what it stands in`,
      'a value that does not contain itself',
    );
    return nothing;
  }
  const size = walk.sizes.get(target) ?? nothing;
  if (level + size.depth > deepest) walk.problems.push(tooDeep(walk.at(alias.range?.[0] ?? 0)));
  count(alias, size.values, walk);
  return size;
}

/** Said once, where the file becomes too much. */
function count(node: Node, values: number, walk: Walk): void {
  if (walk.total <= mostValues && walk.total + values > mostValues) {
    refuse(
      walk,
      node,
      'with this the file comes to too many values',
      `at most ${mostValues}, each alias counted as what it refers to`,
    );
  }
  walk.total += values;
}

const refuse = (walk: Walk, node: Node, message: string, expected: string): void =>
  void walk.problems.push(inputError(message, { at: walk.at(node.range?.[0] ?? 0), expected }));

/** `<<` as it is written plainly: quoted, it is a name like any other. */
export const isMerge = ({ key }: Pair): boolean =>
  isScalar(key) && (typeof key.value === 'symbol' || (key.value === '<<' && key.type === 'PLAIN'));

function checkMerge({ key, value }: Pair, walk: Walk): void {
  const meant = (one: unknown): unknown => (isAlias(one) ? (walk.anchors.get(one.source) ?? one) : one);
  const source = meant(value);
  // An alias that refers to nothing is told of as such.
  const merges = (one: unknown): boolean => isMap(meant(one)) || isAlias(meant(one));
  if (isSeq(source) ? source.items.every(merges) : merges(source)) return;
  refuse(
    walk,
    isNode(value) ? value : (key as Node),
    '<< merges nothing',
    'a mapping, an alias of one, or a list of these',
  );
}
