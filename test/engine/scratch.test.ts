import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clearScratch, markScratch, removeScratch, scratchOf, toolsIn } from '../../engine/scratch.ts';

test('of a scratch that is cleared whose it is and what keeps scripts to the drill stay until its end', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-scratch-'));
  markScratch(folder, '1:2:3', false);
  mkdirSync(toolsIn({ folder }));
  writeFileSync(join(toolsIn({ folder }), 'docker'), '');
  mkdirSync(join(scratchOf({ folder }), '1'));
  clearScratch({ folder });
  expect(readdirSync(scratchOf({ folder })).sort()).toEqual(['.owner', 'tools']);
  expect(readdirSync(toolsIn({ folder }))).toEqual(['docker']);
  removeScratch({ folder });
  expect(readdirSync(folder)).toEqual([]);
});
