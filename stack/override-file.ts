import { Document, isCollection, isScalar, YAMLMap, YAMLSeq, type Node } from 'yaml';

/** Stands in the place of what the compose file says, and is not merged with it: Compose's `!override`. */
export class Replaced {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}
/** Takes away what the compose file says: Compose's `!reset`. */
export class Removed {}

export const replaced = (value: unknown): Replaced => new Replaced(value);
export const removed = new Removed();

/** As a file for Compose, which knows what replaces by tags that JSON has not. */
export function overrideText(override: object): string {
  const document = new Document();
  document.contents = nodeOf(document, override);
  return document.toString({
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'QUOTE_DOUBLE',
    lineWidth: 0,
  });
}

function nodeOf(document: Document, value: unknown): Node {
  if (value instanceof Replaced) return tagged(nodeOf(document, value.value), '!override');
  if (value instanceof Removed) return tagged(document.createNode(null), '!reset');
  if (Array.isArray(value)) {
    const list = new YAMLSeq();
    for (const one of value) list.add(nodeOf(document, one));
    return list;
  }
  if (typeof value === 'object' && value !== null) {
    const map = new YAMLMap();
    for (const [key, one] of Object.entries(value))
      if (one !== undefined) map.add(document.createPair(key, nodeOf(document, one)));
    return map;
  }
  return document.createNode(value) as Node;
}

function tagged(node: Node, tag: string): Node {
  if (isScalar(node) || isCollection(node)) node.tag = tag;
  // Empty ones too: Compose takes the tag from the text alone.
  if (isCollection(node) && node.items.length === 0) node.flow = true;
  return node;
}
