import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrillResult } from '../../../core/result.ts';
import { leftOf } from '../../stack/small-stack.ts';
import { jsonOf, muster } from '../../support/muster.ts';
import { findingsThat, inRepository } from '../../support/real-drill.ts';
import { keyCases } from './key-cases.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-field-keys-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const inTurn = pLimit(2);

describe('what opens the data', { concurrent: true, timeout: 600_000 }, () => {
  it.for(keyCases.map((one) => [one.name, one] as const))(
    '%s',
    ([, { scenario, exitCode, red, unprotected }]) =>
      inTurn(async () => {
        const file = inRepository(`fixtures/field-cases/${scenario}.yaml`);
        const out = await mkdtemp(join(folder, `${scenario}-`));
        const ended = await muster(['run', file, '--json', '--seed', '7', '--out', out]);
        const { result } =
          jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills[0] ??
          expect.fail(`no drill was judged: ${ended.stderr}`);
        expect(
          {
            exitCode: ended.code,
            red: findingsThat('fail', result),
            open: findingsThat('inconclusive', result),
          },
          ended.stderr,
        ).toEqual({ exitCode, red, open: [] });
        const notes = result.notes.map(({ text }) => text);
        expect(notes.filter((text) => text.includes('in no backup'))).toEqual(unprotected);
        expect(
          (await leftOf(result.drill)).map((each) => each.name),
          'left in the engine',
        ).toEqual([]);
      }),
  );
});
