import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { muster } from '../support/muster.ts';
import { scratch } from '../support/scratch.ts';

const shipped = join(import.meta.dirname, '../../scenarios/reference');

describe('muster init --example', () => {
  test('writes what comes with Muster, as files of the user that plan takes', async () => {
    const folder = mkdtempSync(join(scratch, 'example-'));
    const made = await muster(['init', '--example'], { cwd: folder });
    expect([made.stderr, made.code]).toEqual(['', 0]);
    const files = readdirSync(join(folder, 'muster'));
    expect(files).toEqual(expect.arrayContaining([...readdirSync(shipped), 'docker-compose.yml', 'schemas']));
    const text = readFileSync(join(folder, 'muster/strategy.yaml'), 'utf8');
    expect(parse(text)).toMatchObject({ strategy: 'reference', stack: './docker-compose.yml' });
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/schemas\/strategy\.schema\.json$/m);
    const drills = files.filter((name) => name.endsWith('.yaml') && name !== 'strategy.yaml');
    const planned = await muster(['plan', ...drills.map((name) => join('muster', name))], { cwd: folder });
    expect([planned.stderr, planned.code]).toEqual(['', 0]);
  });

  test('never writes over a file without being told to', async () => {
    const folder = mkdtempSync(join(scratch, 'example-'));
    expect((await muster(['init', '--example'], { cwd: folder })).code).toBe(0);
    const again = await muster(['init', '--example'], { cwd: folder });
    expect(again.code).toBe(64);
    expect(again.stderr).toContain('are there already, and nothing was written');
    expect((await muster(['init', '--example', '--force'], { cwd: folder })).code).toBe(0);
  });
});
