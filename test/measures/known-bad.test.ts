import { describe, expect, test } from 'vitest';
import { resultSchema } from '../../core/result.ts';
import { exitCodeOf } from '../../core/verdict.ts';
import * as backupsBad from '../../fixtures/timelines/bad-backups.ts';
import * as clientsBad from '../../fixtures/timelines/bad-clients.ts';
import * as dataBad from '../../fixtures/timelines/bad-data.ts';
import { copies } from '../../fixtures/timelines/bad-copies.ts';
import { availability, checks, recovery, rto, undo, witness } from '../../fixtures/timelines/bad-time.ts';
import { goodDrill } from '../../fixtures/timelines/good-drill.ts';
import { region } from '../../fixtures/timelines/bad-region.ts';
import { ownClients, service, standing, stillThere } from '../../fixtures/timelines/bad-service.ts';
import type { KnownBad } from '../../fixtures/timelines/known-bad.ts';
import { measures } from '../../measures/index.ts';
import { judgeSketch } from './timeline-builder.ts';

const knownBad: Record<string, KnownBad[]> = {
  rto: [...rto, ...ownClients], service, standing, 'still-there': stillThere, rpo: dataBad.rpo, integrity: dataBad.integrity, availability, witness, undo, recovery, checks, region, copies,
  ...clientsBad, ...backupsBad,
};

test('every measure has timelines that it must catch', () => expect(Object.keys(knownBad).sort()).toEqual(Object.keys(measures).sort()));

test('the good drill passes, with nothing left open', () => {
  const result = judgeSketch(goodDrill());
  expect(result.findings.filter((finding) => finding.verdict !== 'pass')).toEqual([]);
  expect(result).toMatchObject({ verdict: 'pass', exitCode: 0, error: null });
  expect(result.score.low).toBe(result.score.of);
});

describe.each(Object.entries(knownBad))('%s', (_measure, cases) => {
  test.each(cases)('$name: $verdict', ({ spoil, finding: id, verdict, says }) => {
    const sketch = goodDrill();
    spoil(sketch);
    const result = judgeSketch(sketch);
    expect(result.findings.find((finding) => finding.id === id)).toMatchObject({ verdict, detail: expect.stringMatching(says) as string });
    expect(result.score.gates).toContain(id);
    expect(result.verdict).not.toBe('pass');
    expect(result.exitCode).toBe(exitCodeOf(result.verdict));
    expect(result.exitCode).not.toBe(0);
    expect(result.score.low).toBeLessThanOrEqual(result.score.high);
    expect(resultSchema.safeParse(result).error).toBeUndefined();
  });
});
