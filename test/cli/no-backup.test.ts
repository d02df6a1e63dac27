import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { muster } from '../support/muster.ts';
import { writeScenario } from './memory-strategy.ts';

const strategy = `strategy: own
stack: none
hostCommands: true
components:
  base:
    driver: memory
    objectives: { rto: 5m, rpo: 15m }
    backups:
      own:
        method: command
        every: 1m
        copies: [a]
        options:
          backup: { command: [sh, -c, ': > base.sql'], in: host }
          restore: { command: ['true'], in: host }
          produces: { files: '*.sql' }
stores: { a: { kind: directory } }
`;

// Nothing is broken by then, and no error ends it: what the drill found is all that there is to say.
test('a drill whose script never leaves a backup says so where it was run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-no-backup-'));
  writeFileSync(join(folder, 'strategy.yaml'), strategy);
  const file = join(folder, 'empty.yaml');
  writeScenario(file, {
    scenario: 'empty',
    title: 'a script that leaves an empty file',
    protect: '[base.own]',
  });
  const { code, stdout } = await muster(['run', file, '--allow-host-commands'], { cwd: folder });
  expect(code).toBe(1);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    'the script ended well, and base.sql is no backup: it is empty',
  );
});
