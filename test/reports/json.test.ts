import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { resultSchema } from '../../core/result.ts';
import { json, resultJsonSchema } from '../../reports/json.ts';
import { sampleResults } from './sample-results.ts';

const parse = (text: string): unknown => JSON.parse(text);
const validate = new Ajv2020({ strict: false }).compile(resultJsonSchema());

test.each(Object.entries(sampleResults))('%s comes back as it went', (_, sample) => {
  expect(resultSchema.parse(parse(json.text(sample)))).toEqual(sample);
});

test.each(Object.entries(sampleResults))('%s is valid by the published schema', (_, sample) => {
  validate(parse(json.text(sample)));
  expect(validate.errors).toBeNull();
});

test('the published schema refuses what the result never says', () => {
  expect(validate({ ...sampleResults.pass, compliant: true })).toBe(false);
  expect(validate({ ...sampleResults.pass, verdict: 'unknown' })).toBe(false);
  expect(validate({ ...sampleResults.pass, unavailableSeconds: '13' })).toBe(false);
});

test('a result that is not one is refused, not written', () => {
  expect(() =>
    json.text({ ...sampleResults.pass, time: { ...sampleResults.pass.time, rtaMs: Number.NaN } }),
  ).toThrow(/rtaMs/);
});
