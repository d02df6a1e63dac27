import { describe, expect, test } from 'vitest';
import { jsonOf, muster } from '../support/muster.ts';

const commands = ['run', 'restore-test', 'plan', 'list', 'report', 'proven', 'doctor', 'gc', 'schema'];
const concurrent = { concurrent: true };

describe('help', concurrent, () => {
  test('muster --help names every command and every exit code, within 80 columns', async () => {
    const { code, stdout, stderr } = await muster(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    for (const exit of [0, 1, 2, 64, 69, 70, 130]) expect(stdout).toMatch(new RegExp(`^ +${exit}  \\w`, 'm'));
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test.each(commands)(
    'muster %s --help has an example of itself and the exit codes that it gives',
    async (command) => {
      const { code, stdout } = await muster([command, '--help']);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^Examples:\n  \\$ muster ${command}`, 'm'));
      expect(stdout).toMatch(/^Exit codes:\n +0 {2}/m);
    },
  );

  test('muster alone says what there is, and is not a success', async () => {
    const { code, stdout, stderr } = await muster([]);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toContain('Commands:');
  });

  test('the version is that of the package', async () => {
    const {
      default: { version },
    } = await import('../../package.json', { with: { type: 'json' } });
    expect(await muster(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });
});

const slips: [what: string, args: string[], said: RegExp][] = [
  ['an unknown command', ['lst'], /unknown command 'lst'\n\(Did you mean list\?\)/],
  ['an unknown option', ['list', '--josn'], /unknown option '--josn'\n\(Did you mean --json\?\)/],
  ['a missing argument', ['plan'], /missing required argument 'scenario'/],
  ['too many arguments', ['doctor', 'now'], /too many arguments/],
  [
    'a seed that is none',
    ['run', '--seed', 'x'],
    /argument 'x' is invalid\. expected a whole number from 0 to 2147483647/,
  ],
  ['an empty seed', ['run', '--seed='], /expected a whole number/],
  ['a negative seed', ['run', '--seed', '-1'], /expected a whole number/],
  ['half a seed', ['run', '--seed', '1.5'], /expected a whole number/],
  ['a seed too large', ['run', '--seed', '2147483648'], /expected a whole number/],
  [
    'a list of what there is no list of',
    ['list', 'fault'],
    /nothing is listed under "fault"[^]*did you mean "faults"\?/,
  ],
  [
    'a schema that there is none of',
    ['schema', 'strategie'],
    /there is no schema "strategie"[^]*did you mean "strategy"\?/,
  ],
  [
    'a scenario that there is none of',
    ['plan', 'redis-crush'],
    /there is no scenario "redis-crush"[^]*did you mean "redis-crash"\?/,
  ],
  [
    'a scenario file that there is none of',
    ['run', './nowhere.yaml'],
    /there is no scenario ".\/nowhere.yaml"/,
  ],
];

describe('a slip', concurrent, () => {
  test.each(slips)('%s: 64, told on standard error alone', async (_what, args, said) => {
    const { code, stdout, stderr } = await muster(args);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(said);
    expect(stderr).not.toMatch(/\n +at /);
  });

  test('is JSON on standard output where JSON was asked for', async () => {
    for (const args of [
      ['list', 'fault', '--json'],
      ['run', '--seed', 'x', '--json'],
    ]) {
      const ended = await muster(args);
      expect(ended.code).toBe(64);
      expect(jsonOf(ended)).toMatchObject({ schema: 'muster/error/v1', errors: [{ trouble: 'input' }] });
    }
  });
});
