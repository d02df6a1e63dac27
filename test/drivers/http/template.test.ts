import { expect, test } from 'vitest';
import { badTemplate, fillJson, fillPath, fillText, namesIn } from '../../../drivers/http/template.ts';

const values = { id: '20007', most: '2147483647', name: 'a/b', word: 'ten' };

test.each([
  ['{{id}}', '20007'],
  ['user{{id mod 20000}}@x', 'user7@x'],
  ['{{ id times 3 }}', '60021'],
  ['{{id times 7919 mod 20000}}', String((20_007 * 7919) % 20_000)],
  // Beyond what a double holds exactly.
  ['{{most times 1000000 mod 999983}}', String((2147483647n * 1000000n) % 999983n)],
])('%s', (text, expected) => {
  expect(badTemplate(text)).toBeNull();
  expect(fillText(text, values)).toBe(expected);
});

test('the name that it asks for is the one that is counted with', () =>
  expect(namesIn({ a: ['{{id times 2 mod 3}}'] })).toEqual([{ name: 'id', path: ['a', 0] }]));

test('filters stand behind it', () => {
  expect(fillJson({ n: '{{id mod 20000:number}}', text: '{{id mod 20000}}' }, values)).toEqual({
    n: 7,
    text: '7',
  });
  expect(fillPath('/x/{{name:raw}}/{{name}}/{{id mod 10:raw}}', values)).toBe('/x/a/b/a%2Fb/7');
});

test('what is no whole number is not counted with', () => {
  expect(() => fillText('{{word mod 7}}', values)).toThrow('{{word}} is no whole number');
  expect(() => fillText('{{other mod 7}}', values)).toThrow('{{other}} has no value');
});

test.each([
  ['{{id mod 0}}', /from 1 to 1000000/],
  ['{{id times 1000001}}', /from 1 to 1000000/],
  ['{{id mod}}', /closed, and a name in it/],
  ['{{id mod x}}', /closed, and a name in it/],
  ['{{id mod 7 times 3}}', /closed, and a name in it/],
  ['{{id mod 7:rwa}}', /\{\{name:raw\}\}/],
])('%s is no template', (text, expected) => expect(badTemplate(text)).toMatch(expected));
