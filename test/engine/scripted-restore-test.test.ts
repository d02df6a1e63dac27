import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { databaseOf } from '../../drivers/memory/attach.ts';
import { storesIn } from '../support/memory-drill.ts';
import { dataIn, drillOwn, putScript, testOwnRestore } from '../support/own-scripts.ts';
import { scratch } from '../support/scratch.ts';

/** The driver in memory, whose image comes with rows, as by scripts that fill a new volume. */
const filledByImage = (): typeof registries => {
  const memory = registries.drivers['memory']!;
  const attach: typeof memory.attach = async (context) => {
    const attached = await memory.attach(context);
    databaseOf(context.component)!.apply('accounts', [
      [1, 'of the image'],
      [2, 'of the image'],
    ]);
    return attached;
  };
  return { ...registries, drivers: { ...registries.drivers, memory: { ...memory, attach } } };
};

test('what an image fills a sandbox with is not what a script restored', { timeout: 120_000 }, async () => {
  const shared = mkdtempSync(join(scratch, 'own-tested-'));
  try {
    const drilled = await drillOwn({}, { stores: storesIn(shared) });
    const good = await testOwnRestore(drilled, { registries: filledByImage() }, ['rows']);
    expect(good.result.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    expect(dataIn(good, 'step.ended')).toMatchObject([{ facts: { emptied: { removed: ['accounts'] } } }]);

    putScript(drilled.home, 'restore.sh', '#!/bin/sh\necho restored\n');
    const bad = await testOwnRestore(drilled, { registries: filledByImage() }, ['rows']);
    expect(dataIn(bad, 'step.ended')).toMatchObject([{ ok: true }]);
    expect(bad.result.exitCode).toBe(1);
    const found = bad.result.findings.find(({ id }) => id === `check/${drilled.component}.rows`);
    expect(found).toMatchObject({ verdict: 'fail', detail: 'there is no row in any table' });
  } finally {
    rmSync(shared, { recursive: true, force: true });
  }
});
