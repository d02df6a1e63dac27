import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { memoryFiles } from '../support/memory-drill.ts';
import { jsonOf, muster } from '../support/muster.ts';

/** A drill's files in a folder of their own, one of them with something replaced. */
function slipped(file: 'scenario.yaml' | 'strategy.yaml', from: string | RegExp, to: string): string {
  const { folder } = memoryFiles();
  const path = join(folder, file);
  const before = readFileSync(path, 'utf8');
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${from} is not in ${file}`);
  writeFileSync(path, after);
  return folder;
}

type Slip = [
  what: string,
  file: 'scenario.yaml' | 'strategy.yaml',
  from: string | RegExp,
  to: string,
  at: RegExp,
  says: RegExp,
];

const slips: Slip[] = [
  [
    'a misspelt key',
    'scenario.yaml',
    'protect:',
    'protekt:',
    /^scenario\.yaml:9:1: /m,
    /unknown key "protekt"\n +found: +protekt\n +expected: one of .*protect.*\n +hint: +did you mean "protect"\?/,
  ],
  [
    'a misspelt key further in',
    'scenario.yaml',
    'rate:',
    'rte:',
    /^scenario\.yaml:8:\d+: /m,
    /unknown key "rte"[^]*did you mean "rate"\?/,
  ],
  [
    'a misspelt fault',
    'scenario.yaml',
    'wipe-volume',
    'wipe-volum',
    /^scenario\.yaml:10:10: /m,
    /did you mean "wipe-volume"\?/,
  ],
  [
    'a parameter that the fault does not have',
    'scenario.yaml',
    'at: worst',
    'att: worst',
    /^scenario\.yaml:10:\d+: /m,
    /unknown key "att"/,
  ],
  [
    'a rate without its unit',
    'scenario.yaml',
    '200/s',
    '200',
    /^scenario\.yaml:8:\d+: /m,
    /found: +200\n +expected: a rate with its unit/,
  ],
  [
    'no fault',
    'scenario.yaml',
    /^fault: .*\n/m,
    '',
    /^scenario\.yaml:1:1: /m,
    /"fault" is missing\n +expected: +a fault such as \{ crash: redis, at: worst \}, or a list of them; `muster list faults` names them all/,
  ],
  [
    'a fault that is no fault',
    'scenario.yaml',
    /^fault: .*$/m,
    'fault: 7',
    /^scenario\.yaml:10:8: /m,
    /found: +7\n +expected: +a fault such as/,
  ],
  [
    'a component that is none',
    'scenario.yaml',
    /target: store-\w+/,
    'target: stroe',
    /^scenario\.yaml:8:\d+: /m,
    /stroe/,
  ],
  [
    'a store that is none',
    'scenario.yaml',
    'from: b',
    'from: c',
    /^scenario\.yaml:11:\d+: /m,
    /found: +c\n +expected: one of a, b/,
  ],
  [
    'a strategy that is not there',
    'scenario.yaml',
    './strategy.yaml',
    './strategi.yaml',
    /^scenario\.yaml:2:11: /m,
    /there is no strategy/,
  ],
  [
    'a misspelt driver',
    'strategy.yaml',
    'driver: memory',
    'driver: memori',
    /^strategy\.yaml:5:13: /m,
    /did you mean "memory"\?/,
  ],
  [
    'an interval that is none',
    'strategy.yaml',
    'every: 1m',
    'every: often',
    /^strategy\.yaml:9:\d+: /m,
    /found: +"often"\n +expected: a duration with its unit/,
  ],
  ['a file that is no YAML', 'scenario.yaml', '[ledger]', '[ledger', /^scenario\.yaml:\d+:\d+: /m, /error: /],
  [
    'the same name twice',
    'scenario.yaml',
    /^title: .*$/m,
    'title: one\ntitle: two',
    /^scenario\.yaml:4:1: /m,
    /the same name stands twice/,
  ],
];

describe('a slip in a file', { concurrent: true }, () => {
  test.each(slips)(
    '%s: 64, with its place, what was found and expected, and nothing started',
    async (_what, file, from, to, at, says) => {
      const { code, stdout, stderr } = await muster(['run', 'scenario.yaml'], {
        cwd: slipped(file, from, to),
      });
      expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
      expect(stderr).toMatch(at);
      expect(stderr).toMatch(says);
      expect(stderr).not.toMatch(/\n +at |^\d\d:\d\d:\d\dZ /m);
    },
  );

  test('is told as JSON with the same place and hint', async () => {
    const ended = await muster(['run', 'scenario.yaml', '--json'], {
      cwd: slipped('scenario.yaml', 'protect:', 'protekt:'),
    });
    expect(ended.code).toBe(64);
    expect(jsonOf(ended)).toMatchObject({
      schema: 'muster/error/v1',
      errors: [
        {
          trouble: 'input',
          message: 'unknown key "protekt"',
          at: { file: 'scenario.yaml', line: 9, column: 1 },
          found: 'protekt',
          expected: expect.stringContaining('protect'),
          hint: 'did you mean "protect"?',
        },
      ],
    });
  });

  test('beside another one is told with it: both can be mended in one go', async () => {
    const folder = slipped('scenario.yaml', 'protect:', 'protekt:');
    writeFileSync(
      join(folder, 'scenario.yaml'),
      readFileSync(join(folder, 'scenario.yaml'), 'utf8').replace('rate:', 'rte:'),
    );
    const { stderr } = await muster(['plan', 'scenario.yaml'], { cwd: folder });
    expect(stderr).toMatch(/"protekt"/);
    expect(stderr).toMatch(/"rte"/);
  });

  test('in the last of several keeps the first from starting', async () => {
    const folder = slipped('scenario.yaml', 'protect:', 'protekt:');
    const good = memoryFiles().file;
    const { code, stderr } = await muster(['run', good, 'scenario.yaml'], { cwd: folder });
    expect(code).toBe(64);
    expect(stderr).not.toMatch(/drill 1 of 2/);
  });
});
