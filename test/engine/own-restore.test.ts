import { describe, expect, it } from 'vitest';
import { dataIn, drillOwn, goodScripts, onceUp } from '../support/own-scripts.ts';

describe.concurrent('a drill with scripts of the user', () => {
  it.each([
    ['restored nothing is in doubt, where nothing had been lost', 'echo restored', 'inconclusive'],
    ['restored an older state shows by what is missing', onceUp + goodScripts.restore, 'pass'],
  ])('that %s', async (_, restore, verdict) => {
    const scripts = { restore: `until "$tools"/db rows > seen 2>&1; do sleep 0.1; done; ${restore}` };
    const drilled = await drillOwn(scripts, { scenario: { fault: '{ crash: store, at: worst }' } });
    expect(dataIn(drilled, 'step.ended')).toMatchObject([{ ok: true }]);
    const id = `copies/restored/${drilled.component}`;
    const { detail, ...found } = drilled.result.findings.find((one) => one.id === id)!;
    expect(found, detail).toMatchObject({ verdict });
    if (verdict !== 'pass') expect(detail).toMatch(/put it back: writes that were acknowledged until/);
  });

  it.each([
    ['loads the first that there ever was, whatever it is given', 'load < "$tools"/first', 'fail'],
    ['loads what it is given', 'load < rows', 'pass'],
  ])('whose restore %s: %s', async (_, load, verdict) => {
    const scripts = {
      backup: `${goodScripts.backup.replace('gzip', '[ -e "$tools"/first ] || cp rows.dump "$tools"/first; gzip')}`,
      restore: `set -e; gunzip -c "$MUSTER_FILE" > rows; "$tools"/db ${load}`,
    };
    const drilled = await drillOwn(scripts, { scenario: { points: '2' } });
    const id = `copies/restored/${drilled.component}`;
    const { detail, ...found } = drilled.result.findings.find((one) => one.id === id)!;
    expect(found, detail).toMatchObject({ verdict });
    if (verdict === 'fail')
      expect(detail).toMatch(/before it was consistent are missing: what is there holds less/);
  });

  it.each([
    ['oldest', 'first', 'fail'],
    ['newest', 'last', 'pass'],
  ])('that loads the %s of its dumps as a step of its own: %s', async (_, which, verdict) => {
    const keep =
      'cp rows.dump "$tools"/next; [ -e "$tools"/first ] || cp rows.dump "$tools"/first; mv "$tools"/next "$tools"/last; gzip';
    const scripts = {
      backup: goodScripts.backup.replace('gzip', keep),
      restore: `"$tools"/db load < "$tools"/${which}`,
    };
    const drilled = await drillOwn(scripts, {
      scenario: { points: '3', recover: '[{ command: [./restore.sh], in: host }]' },
    });
    expect(dataIn(drilled, 'step.ended')).toMatchObject([{ ok: true }]);
    const found = drilled.result.findings.find(({ id }) => id.startsWith(`schedule/${drilled.component}.`))!;
    expect(found, found.detail).toMatchObject({ verdict });
    if (verdict === 'fail') expect(found.detail).toMatch(/the oldest lost write .* not explained/);
    else expect(drilled.result.findings.filter((one) => one.verdict === 'fail')).toEqual([]);
  });
});
