import { describe, expect, test } from 'vitest';
import { kinds, outcomes } from '../../core/ledger.ts';
import type { Blind } from '../../core/workload.ts';
import { giveSessions } from '../../fixtures/timelines/alter-clients.ts';
import { goodDrill, logins, tokens } from '../../fixtures/timelines/good-drill.ts';
import { put } from '../../fixtures/timelines/known-bad.ts';
import { change, judgeSketch, keep, type Sketch } from './timeline-builder.ts';

describe('what was never asked is no pass', () => {
  const passesOf = (spoil: (sketch: Sketch) => void): string[] => {
    const sketch = goodDrill();
    spoil(sketch);
    return judgeSketch(sketch)
      .findings.filter(({ id, verdict }) => id.startsWith('integrity/') && verdict === 'pass')
      .map(({ id }) => id);
  };
  const isTokens = ({ load, kind }: { load: number; kind: number }, ...some: number[]): boolean =>
    load === tokens && some.includes(kind);

  test('of a store from which nothing at all is read back, nothing is known', () => {
    expect(
      passesOf((sketch) => keep(sketch, (record) => !isTokens(record, kinds.readback))).filter((id) =>
        id.startsWith('integrity/tokens'),
      ),
    ).toEqual([]);
  });
  test('clients that ask only for what they remember find nothing else, and nothing twice', () => {
    const asked = passesOf(giveSessions).filter((id) => id.startsWith('integrity/sessions/'));
    expect(asked).toContain('integrity/sessions/resurrected');
    for (const rule of ['phantom', 'corrupt', 'duplicated', 'torn'])
      expect(asked).not.toContain(`integrity/sessions/${rule}`);
  });
  test('nothing is found twice by a reader that gives each id once', () => {
    const distinct = (sketch: Sketch): void =>
      change(sketch, 'load.begun', ({ data }) => void (data.blindTo = ['duplicated']));
    expect(passesOf(() => undefined)).toContain('integrity/tokens/duplicated');
    expect(passesOf(distinct)).not.toContain('integrity/tokens/duplicated');
    const sketch = goodDrill();
    distinct(sketch);
    expect(judgeSketch(sketch).limitations).toContainEqual(
      expect.stringMatching(/^Not put to the test by tokens: duplicated/),
    );
  });
  test('who asks for each record by its name sees nothing but what was acknowledged, and earns nothing for the rest', () => {
    const blind =
      (...blindTo: Blind[]) =>
      (sketch: Sketch): void =>
        change(sketch, 'load.begun', ({ data }) => void (data.blindTo = data.kind === 'data' ? blindTo : []));
    const tokensOf = (spoil: (sketch: Sketch) => void): string[] =>
      passesOf(spoil).filter((id) => id.startsWith('integrity/tokens/'));
    const all = ['phantom', 'duplicated', 'corrupt', 'resurrected'].map((rule) => `integrity/tokens/${rule}`);
    expect(tokensOf(() => undefined)).toEqual(expect.arrayContaining(all));
    for (const id of all)
      expect(tokensOf(blind('phantom', 'duplicated', 'corrupt', 'failed'))).not.toContain(id);
    expect(tokensOf(blind('phantom'))).toEqual(expect.arrayContaining(all.slice(1)));
    const sketch = goodDrill();
    blind('phantom', 'corrupt')(sketch);
    expect(judgeSketch(sketch).limitations).toContainEqual(
      expect.stringMatching(/^Not put to the test by tokens: .*phantom.*corrupt/),
    );
  });
  test('nothing is torn where nothing was written together', () => {
    expect(passesOf(() => undefined)).toContain('integrity/tokens/torn');
    expect(
      passesOf((sketch) => sketch.records.forEach((record) => void (record.group = record.id))),
    ).not.toContain('integrity/tokens/torn');
  });
  test('a recovery without steps of its own earns nothing', () => {
    const sketch = goodDrill();
    put(sketch.scenario, 'recover', 'automatic');
    change(sketch, 'recovery.begun', ({ data }) => void (data.automatic = true));
    const { findings, score } = judgeSketch(sketch);
    expect(findings.find(({ id }) => id === 'recovery')).toMatchObject({
      verdict: 'pass',
      weight: 0,
      detail: expect.stringMatching(/earns nothing/) as string,
    });
    expect(score.points.map(({ finding: id }) => id)).not.toContain('recovery');
  });
  test('nothing can have come back where nothing failed and nothing was removed', () => {
    expect(passesOf(() => undefined)).toContain('integrity/tokens/resurrected');
    const unharmed = passesOf((sketch) => {
      for (const record of sketch.records)
        if (isTokens(record, kinds.write, kinds.remove) && record.outcome === outcomes.fail)
          record.outcome = outcomes.unknown;
    });
    expect(unharmed).not.toContain('integrity/tokens/resurrected');
    expect(unharmed).toContain('integrity/tokens/phantom');
    expect(
      passesOf((sketch) =>
        keep(sketch, (record) => !(record.load === logins && record.kind === kinds.remove)),
      ),
    ).not.toContain('integrity/logins/resurrected');
  });
});
