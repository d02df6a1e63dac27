import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrillResult } from '../../../core/result.ts';
import { leftOf } from '../../stack/small-stack.ts';
import { jsonOf, muster } from '../../support/muster.ts';
import { detailOf, findingsThat, inRepository } from '../../support/real-drill.ts';
import { rowsAndFiles } from './file-cases.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-field-files-'));
beforeAll(() =>
  cpSync(inRepository('fixtures/field-cases'), folder, {
    recursive: true,
    filter: (name) => !/\/F(?!19)\d\d/.test(name),
  }),
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const inTurn = pLimit(2);

async function drill(
  scenario: string,
  env: Record<string, string>,
): Promise<{ code: number | null; result: DrillResult }> {
  const out = mkdtempSync(join(folder, 'out-'));
  const ended = await muster(['run', join(folder, scenario), '--json', '--seed', '7', '--out', out], { env });
  const { result } =
    jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills?.[0] ??
    expect.fail(`no drill was judged: ${ended.stderr}`);
  expect(await leftOf(result.drill)).toEqual([]);
  return { code: ended.code, result };
}

const orphans = ['check/files-have-rows', 'check/rows-have-files'];

describe('F19, rows and files of different moments', { concurrent: true, timeout: 600_000 }, () => {
  it.for(rowsAndFiles)('$name: the orphans of each side are counted', ({ order, exitCode, red, said }) =>
    inTurn(async () => {
      const { code, result } = await drill('F19.yaml', { CASE_ORDER: order });
      expect(findingsThat('fail', result)).toEqual(red);
      const open = findingsThat('inconclusive', result).map((id) => `${id}: ${detailOf(result, id)}`);
      expect(code, open.join()).toBe(exitCode);
      for (const id of red.length > 0 ? red : orphans) expect(detailOf(result, id)).toMatch(said);
      // What was written in between is the application's loss, and within its objective.
      expect(result.data.rpaMs).toBeGreaterThan(0);
    }),
  );
});
