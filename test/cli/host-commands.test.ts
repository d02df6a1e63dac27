import { appendFileSync, chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { memoryFiles } from '../support/memory-drill.ts';
import { muster } from '../support/muster.ts';

/** A drill whose recovery ends with a script on the host, which leaves a mark beside its scenario. */
function withScript(): { file: string; ran(): boolean } {
  const { folder, file } = memoryFiles({
    scenario: { recover: '[{ restore: store, from: b }, { command: [./mend.sh], in: host }]' },
  });
  appendFileSync(join(folder, 'strategy.yaml'), 'hostCommands: true\n');
  writeFileSync(join(folder, 'mend.sh'), '#!/bin/sh\n: > mended\n');
  chmodSync(join(folder, 'mend.sh'), 0o755);
  return { file, ran: () => existsSync(join(folder, 'mended')) };
}

test.each(['run', 'plan'])(
  'muster %s refuses a command on the host that the command line does not allow',
  async (command) => {
    const { file, ran } = withScript();
    const { code, stderr } = await muster([command, file], { cwd: join(file, '..') });
    expect(code).toBe(64);
    expect(stderr).toMatch(
      /scenario\.yaml:\d+:\d+: error: \.\/mend\.sh would run on the host[^]*expected: --allow-host-commands/,
    );
    expect(ran()).toBe(false);
  },
);

test.each([
  ['one drill', 1],
  ['drills side by side', 2],
])('with --allow-host-commands it is carried out: %s', { timeout: 120_000 }, async (_, jobs) => {
  const drills = Array.from({ length: jobs }, withScript);
  const { file } = drills[0]!;
  const { code, stderr } = await muster(
    ['run', ...drills.map((one) => one.file), '--allow-host-commands', '--jobs', String(jobs), '--seed', '7'],
    { cwd: join(file, '..') },
  );
  expect(
    drills.map((one) => one.ran()),
    stderr,
  ).toEqual(drills.map(() => true));
  expect([0, 1, 2]).toContain(code);
});

test('muster plan shows it, where it is allowed', async () => {
  const { file } = withScript();
  const { code, stdout } = await muster(['plan', file, '--allow-host-commands'], { cwd: join(file, '..') });
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/recover +restore store-\w+ from b\n +\.\/mend\.sh on the host\n/),
  ]);
});
