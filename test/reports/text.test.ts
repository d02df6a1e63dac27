import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeMarkup, oneLine, visible } from '../../reports/text.ts';

test.each([
  ['\u001b[31m', '\\x1b[31m'],
  ['\u0000\u007f\u009b', '\\x00\\x7f\\x9b'],
  ['\u202egnp.exe', '\\u202egnp.exe'],
  ['\ud800x', '\\ud800x'],
  ['\uffff\ufeff', '\\uffff\\ufeff'],
  ['a\r\nb\tc', 'a\nb\tc'],
  ['a\rb', 'a\\x0db'],
  ['\u{e0041}', '\\u{e0041}'],
  ['Zoë 漢字 👩‍🚀 \u00a0', 'Zoë 漢字 👩‍🚀 \u00a0'],
])('%j is made visible', (text, expected) => expect(visible(text)).toBe(expected));

describe('whatever comes', () => {
  const anything = fc.string({ unit: 'binary', maxLength: 40 });
  test('is valid in XML 1.0 and starts nothing', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(escapeMarkup(text)).toMatch(/^[\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u);
        expect(escapeMarkup(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|apos);)/);
      }),
    );
  });
  test('is one line', () =>
    fc.assert(
      fc.property(anything, (text) => {
        expect(oneLine(text)).not.toMatch(/[\n\t\r]/);
      }),
    ));
});
