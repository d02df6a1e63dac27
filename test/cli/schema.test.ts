import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { pagesCorrupted } from '../reports/failed-result.ts';
import { volumeLost } from '../reports/passed-result.ts';
import { jsonOf, muster } from '../support/muster.ts';

const root = join(import.meta.dirname, '../..');
const validators = new Map<string, Promise<ValidateFunction>>();

/** As an editor does it: the printed schema, and a validator that knows nothing of ours. */
function validatorOf(which: string): Promise<ValidateFunction> {
  const known =
    validators.get(which) ??
    muster(['schema', which]).then((ended) => {
      // Keys of a record are listed as required and described by propertyNames, which is right and which
      // strictRequired does not see.
      const ajv = new Ajv2020({
        strict: true,
        strictRequired: false,
        allErrors: true,
        allowUnionTypes: true,
      });
      formats.default(ajv);
      return ajv.compile(jsonOf(ended));
    });
  validators.set(which, known);
  return known;
}

const files = ['scenarios', 'test/fixtures/accidents'].flatMap((folder) =>
  globSync('**/*.yaml', { cwd: join(root, folder) }).map((file) => join(root, folder, file)),
);
const kindOf = (file: string): string | null =>
  /^(scenario|strategy):/m.exec(readFileSync(file, 'utf8'))?.[1] ?? null;
const declared = files.filter((file) => kindOf(file) !== null);

test.each(declared)('%s is what its schema says, and names the published one', async (file) => {
  const text = readFileSync(file, 'utf8');
  const validate = await validatorOf(kindOf(file)!);
  expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
  const named = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text)?.[1];
  expect(resolve(dirname(file), named!)).toBe(join(root, `fixtures/schemas/${kindOf(file)}.schema.json`));
});

test.each(['scenario', 'strategy'])(
  'the published schema of a %s is the one that is printed (npm run schemas)',
  async (which) => {
    expect(readFileSync(join(root, `fixtures/schemas/${which}.schema.json`), 'utf8')).toBe(
      (await muster(['schema', which])).stdout,
    );
  },
);

type Change = (document: Record<string, unknown>) => unknown;
/** Writes a value where a path of keys leads. */
const set =
  (path: string, value: unknown): Change =>
  (document) => {
    const keys = path.split('.');
    const last = keys.pop()!;
    const parent = keys.reduce((at, key) => at[key] as Record<string, unknown>, document);
    parent[last] = value;
  };
const bad: Record<string, [what: string, change: Change][]> = {
  scenario: [
    ['a misspelt key', (it) => (it['protekt'] = it['protect'])],
    ['no load', (it) => delete it['load']],
    ['a rate without its unit', set('load.tokens.rate', 2000)],
    ['an unknown fault', set('fault', { 'wipe-everything': 'redis' })],
    ['an unknown parameter of a fault', set('fault.att', 'worst')],
    ['a moment that is none', set('fault.at', 'soon')],
    ['an unknown step', set('recover', [{ hope: 'redis' }])],
    ['a restore from nowhere', set('recover', [{ restore: 'redis' }])],
    ['nothing to check', set('check', [])],
    ['time that is stretched', set('timeScale', 0.5)],
  ],
  strategy: [
    ['a misspelt key', set('componets', {})],
    ['an unknown driver', set('components.redis.driver', 'reddis')],
    ['an unknown method', set('components.redis.backups.snapshot.method', 'rbd')],
    ['an interval without its unit', set('components.redis.backups.snapshot.every', 5)],
    ['a backup without a copy', set('components.redis.backups.snapshot.copies', [])],
    ['an encryption that is none', set('components.redis.backups.snapshot.encrypt', 'rot13')],
    ['an unknown store', set('stores.volume.kind', 'tape')],
  ],
};

describe.each(Object.entries(bad))('the schema of a %s', (which, changes) => {
  const file = join(
    root,
    which === 'strategy' ? 'scenarios/reference/strategy.yaml' : 'scenarios/reference/redis-volume-lost.yaml',
  );
  test.each(changes)('refuses %s', async (_what, change) => {
    const document = parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    change(document);
    expect((await validatorOf(which))(document)).toBe(false);
  });
});

test('the schema of a result takes results and refuses one with a word too many, or a figure made up of words', async () => {
  const validate = await validatorOf('result');
  for (const result of [volumeLost, pagesCorrupted]) {
    expect(validate(result), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...result, extra: 1 })).toBe(false);
    expect(validate({ ...result, time: { ...result.time, rtaMs: 'fast' } })).toBe(false);
    expect(validate({ ...result, verdict: 'unknown' })).toBe(false);
  }
});

test('the schema of a recovery point takes files, or a reference, and nothing less', async () => {
  const validate = await validatorOf('recovery-point');
  const point = {
    schema: 'muster/recovery-point/v2',
    id: 'p1',
    component: 'mysql',
    backup: 'dump',
    method: 'dump',
    drill: '7',
    takenAt: '2026-01-02T03:04:05.678Z',
    durableAt: '2026-01-02T03:04:06.000Z',
    position: {},
    tool: '',
    server: '',
    facts: null,
    copies: ['offsite'],
  };
  const external = { kind: 'external', reference: 'slot 7', bytes: 12, sha256: 'a'.repeat(64) };
  const files = { kind: 'files', compression: 'zstd', encryption: null, files: [] };
  expect(validate({ ...point, payload: files })).toBe(true);
  expect(validate({ ...point, payload: external })).toBe(true);
  for (const bad of [{}, { ...external, bytes: 0 }, { ...external, files: [] }, { kind: 'files' }])
    expect(validate({ ...point, payload: bad })).toBe(false);
  expect(validate(point)).toBe(false);
});
