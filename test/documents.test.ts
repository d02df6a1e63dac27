import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const folders =
  'core measures engine evidence drivers faults stores stack reports cli fixtures bench test phases';
const source = new RegExp(`^(?:${folders.replaceAll(' ', '|')})/[\\w./-]+\\.(?:ts|md|yaml|yml|json)$`);

/** Files that a document names in backticks, whole paths only: `<name>` and `*` stand for many. */
function filesIn(text: string): string[] {
  const named = [...text.matchAll(/`([^`\s]+)`/g)].map((match) => match[1]!);
  const inTree = [...text.matchAll(/[├└] (phases\/[\w-]+\.ts)/g)].map((match) => match[1]!);
  return [...named, ...inTree].filter((name) => source.test(name) && !/[<*]/.test(name));
}
const placeOf = (name: string): string => join(root, name.startsWith('phases/') ? `engine/${name}` : name);

describe.each(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md', 'docs/your-own-system.md'])(
  '%s',
  (document) => {
    const text = readFileSync(join(root, document), 'utf8');
    it('names only files that are there', () => {
      expect(filesIn(text).filter((name) => !existsSync(placeOf(name)))).toEqual([]);
    });
  },
);

it('ARCHITECTURE.md follows a write through functions that are there, in the files that it names', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const [, walk] = /## One write,.*?\n(.*?)\n## /s.exec(text)!;
  const steps = walk!.split(/\n(?=\d+\. )/).filter((step) => /^\d+\. /.test(step));
  expect(steps.length).toBeGreaterThan(9);
  const pairs = [...walk!.matchAll(/`(\w+)(?:\([^`]*\))?` \(`([\w./-]+\.ts)`/g)];
  expect(pairs.length).toBeGreaterThan(8);
  const missing = pairs.filter(([, name, file]) => {
    const code = readFileSync(placeOf(file!), 'utf8');
    return !new RegExp(`\\b(?:function|const|type|interface) ${name}\\b`).test(code);
  });
  expect(missing.map(([whole]) => whole)).toEqual([]);
});
