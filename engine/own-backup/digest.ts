import { createHash } from 'node:crypto';
import type { DumpShape } from '../../core/dump-shape.ts';
import { inspection, type Content } from './inside.ts';

/** A part of a backup: what it is called, and what is in it. */
export interface Left {
  name: string;
  bytes: number;
  sha256: string;
}

/** The same, and digests of what is inside it, unpacked. */
export interface Looked extends Left {
  content: Content;
}

/** Reads a part from end to end. `bad`: why it is no backup; null where nothing shows. */
export async function lookThrough(
  name: string,
  content: AsyncIterable<Uint8Array>,
  shapes: readonly DumpShape[],
): Promise<{ looked: Looked; bad: string | null }> {
  const inside = inspection(shapes);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content) {
    await inside.take(chunk);
    hash.update(chunk);
    bytes += chunk.length;
  }
  const bad = await inside.end();
  return { looked: { name, bytes, sha256: hash.digest('hex'), content: inside.content() }, bad };
}

/** What is in all of them together, whatever they are called and however they are packed. */
export function contentOf(parts: readonly Looked[]): Content {
  const by = (which: keyof Content): string =>
    digestOf(parts.map(({ content }) => ({ name: '', bytes: 0, sha256: content[which] }))).sha256;
  return { exact: by('exact'), alike: by('alike') };
}

/** Size and digest of a backup: of one part its own; of several that of their names and digests. */
export function digestOf(parts: readonly Left[]): { bytes: number; sha256: string } {
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (parts.length === 1) return { bytes, sha256: parts[0]!.sha256 };
  const listed = parts.map(({ sha256, name }) => `${sha256}  ${name}\n`).sort();
  return { bytes, sha256: createHash('sha256').update(listed.join('')).digest('hex') };
}
