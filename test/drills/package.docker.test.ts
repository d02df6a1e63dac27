import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { scratch } from '../support/scratch.ts';

const execute = promisify(execFile);
const repository = join(import.meta.dirname, '../..');
const here = mkdtempSync(join(scratch, 'package-'));
const installed = join(here, 'node_modules/muster-drill');

/** By the Node of these tests, in a folder that holds nothing but the package. */
const muster = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  execute(process.execPath, [join(here, 'node_modules/.bin/muster'), ...args], {
    cwd: here,
    maxBuffer: 2 ** 26,
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );

beforeAll(async () => {
  const { stdout } = await execute('npm', ['pack', '--silent', '--pack-destination', here], {
    cwd: repository,
    maxBuffer: 2 ** 26,
  });
  writeFileSync(join(here, 'package.json'), '{ "name": "a-shop", "private": true }');
  await execute('npm', ['install', '--silent', '--omit=dev', `./${stdout.trim().split('\n').at(-1)}`], {
    cwd: here,
  });
}, 900_000);

describe('the package, installed where nothing else is', () => {
  it('brings built code with types and source maps, and no other Node for the scripts of that project', () => {
    const files = readdirSync(join(installed, 'dist/cli'));
    expect(files).toEqual(expect.arrayContaining(['main.js', 'main.js.map', 'main.d.ts']));
    const sources = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter(
      (file) => /\.ts$/.test(file) && !/\.d\.ts$/.test(file),
    );
    expect(sources).toEqual([]);
    expect(readdirSync(join(here, 'node_modules/.bin'))).not.toContain('node');
  });

  it('lists what comes with it, and plans it', async () => {
    const listed = await muster('list', 'scenarios');
    expect(listed).toMatchObject({ code: 0 });
    expect(listed.stdout).toContain('reference/redis-volume-lost');
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect((await muster('--version')).stdout.trim()).toBe(version);
    expect(await muster('plan', 'reference/redis-volume-lost')).toMatchObject({ code: 0 });
  });

  it('runs drills, two at a time, with the reference application that was built into it', async () => {
    mkdirSync(join(here, 'reports'));
    const ran = await muster(
      ...['run', 'reference/redis-volume-lost', 'reference/app-crash'],
      ...['--jobs', '2', '--out', join(here, 'reports')],
    );
    const bundles = readdirSync(join(here, 'reports/drills'));
    expect(bundles, ran.stderr).toHaveLength(2);
    const codes: number[] = [];
    for (const bundle of bundles) {
      const folder = join(here, 'reports/drills', bundle);
      const { exitCode, findings } = JSON.parse(
        readFileSync(join(folder, 'result.json'), 'utf8'),
      ) as DrillResult;
      codes.push(exitCode);
      // That drills run and are judged is what is asked. A busy machine may leave something inconclusive.
      const red = findings.filter(({ verdict }) => verdict === 'fail');
      expect(red, ran.stdout).toEqual([]);
      expect(await muster('report', folder)).toMatchObject({ code: exitCode });
    }
    expect(codes).toContain(ran.code);
  });
});
