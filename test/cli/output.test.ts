import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { gravestCode } from '../../cli/output.ts';

describe('the code of several drills', () => {
  it.each([
    [[], 0],
    [[0, 0], 0],
    [[0, 2], 2],
    [[1, 2, 0], 1],
    [[1, 69], 69],
    [[130, 70], 130],
    // As of a process that somebody killed: Muster gives no such code itself.
    [[0, 137], 70],
    [[137, 0], 70],
  ])('%j: %i', (codes, code) => expect(gravestCode(codes)).toBe(code));
});

const output = join(import.meta.dirname, '../../cli/output.ts');
const codeOf = (script: string): Promise<number | null> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [
      '--input-type=module',
      '-e',
      `import { exitAtRest } from ${JSON.stringify(output)};\n${script}`,
    ]);
    child.on('exit', resolve);
  });

test('what breaks when the verdict has been said does not make another one of it', async () => {
  const breaks = 'setImmediate(() => { throw new Error("late"); });';
  expect(await codeOf(`process.exitCode = 2; const left = exitAtRest(); ${breaks} await left;`)).toBe(2);
  expect(await codeOf(`process.exitCode = 2; ${breaks}`)).toBe(1);
});
