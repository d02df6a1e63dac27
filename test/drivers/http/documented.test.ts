import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

test('the example of the documentation is the strategy that the tests drill', () => {
  const [, example] = /```yaml\n([\s\S]*?)```/.exec(read('docs/http.md'))!;
  const { components } = parse(read('test/fixtures/orders/strategy.yaml')) as { components: { web: object } };
  expect(parse(example!)).toEqual({ web: components.web });
});
