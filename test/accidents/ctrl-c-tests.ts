import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { lastOf } from '../../core/timeline.ts';
import { muster, startMuster } from '../support/muster.ts';
import { accidentFolder, bundlesIn, interrupted, leftOf, pause, timelineOf } from './workbench.ts';

/**
 * What a running drill says when it is in a phase, or in the middle of it; and what it is sent then, with its
 * whole group.
 */
const moments: [signal: NodeJS.Signals, moment: string, said: RegExp][] = [
  ['SIGINT', 'while Compose starts the services', /starting 2 services/],
  ['SIGHUP', 'under protection', /Z protect\n/],
  ['SIGINT', 'while it is broken', /Z break\n/],
  ['SIGTERM', 'while it is restored', /restore redis from far/],
];

describe('a signal, of drills side by side', { concurrent: true }, () => {
  test.each(moments)(
    '%s %s: 130, the stack is gone, and the bundle is whole and no pass',
    async (signal, _moment, said) => {
      const folder = accidentFolder();
      const drill = startMuster(['run', 'scenario.yaml'], { cwd: folder });
      await drill.said(said);
      process.kill(-drill.child.pid!, signal);
      const { code, stdout, stderr } = await drill.ended;
      expect(code, stdout + stderr).toBe(130);
      expect(stderr).toMatch(/interrupted: healing and taking the stack down/);
      const [bundle] = bundlesIn(folder);
      expect(await leftOf([bundle!])).toEqual([]);
      const { events, broken } = timelineOf(bundle!);
      expect(broken).toBeNull();
      expect(events.at(-1)).toMatchObject({ type: 'drill.ended', data: { outcome: 'interrupted' } });
      expect(lastOf(events, 'stack.down')?.data.ok ?? true).toBe(true);
      const result = JSON.parse(readFileSync(join(bundle!, 'result.json'), 'utf8')) as DrillResult;
      expect(result.verdict).not.toBe('pass');
      expect(result.exitCode).toBe(130);
      expect(existsSync(join(bundle!, 'report.html'))).toBe(true);
      expect(stdout).not.toMatch(/PASS {2}/);
      expect((await muster(['report', bundle!])).code).toBe(130);
    },
  );
});

test('Ctrl-C twice leaves at once, and the next start cleans up', async () => {
  const folder = accidentFolder();
  const first = startMuster(['run', 'scenario.yaml'], { cwd: folder });
  await first.said(/Z protect\n/);
  interrupted(first);
  await first.said('once more to leave at once');
  // Sooner, it would be the same one that npm passes on; and frozen, or all would be taken down by then.
  process.kill(-first.child.pid!, 'SIGSTOP');
  await pause(600);
  interrupted(first);
  process.kill(-first.child.pid!, 'SIGCONT');
  expect((await first.ended).code).toBe(130);
  const [bundle] = bundlesIn(folder);
  expect((await leftOf([bundle!])).length).toBeGreaterThan(0);
  expect(timelineOf(bundle!).events.at(-1)!.type).not.toBe('drill.ended');

  const next = startMuster(['run', 'scenario.yaml'], { cwd: folder });
  await next.said(/removed what an earlier drill left: \d containers?/);
  expect(await leftOf([bundle!])).toEqual([]);
  interrupted(next);
  expect((await next.ended).code).toBe(130);
  expect(await leftOf(bundlesIn(folder))).toEqual([]);
});
