import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { CheckOutcome } from '../../../core/driver.ts';
import { likenesses, ofItself } from './likeness-cases.ts';
import { openAt } from './opened.ts';
import { serveShop } from './shop.ts';

describe('a probe that says nothing of its answer', () => {
  const answering = async (now: () => [string, string], turn: () => void): Promise<CheckOutcome> => {
    const answer = (outgoing: ServerResponse): true => {
      const [type, body] = now();
      outgoing.writeHead(200, { 'content-type': type }).end(body);
      return true;
    };
    await using served = await serveShop({ bad: ({ path }, outgoing) => path === '/p' && answer(outgoing) });
    await using opened = await openAt(served, 'ready: /health\nprobes: { p: { get: /p } }\n');
    const { probes } = opened.attached.checks;
    await probes!.before!();
    expect(await probes!.after(null)).toMatchObject({ verdict: 'pass' });
    turn();
    return await probes!.after(null);
  };

  test.each(likenesses)('$name', async ({ before, after, red }) => {
    let now = before;
    const outcome = await answering(
      () => now,
      () => (now = after),
    );
    expect(outcome, outcome.detail).toMatchObject({ verdict: red === null ? 'pass' : 'fail' });
    if (red !== null) expect(outcome.detail).toMatch(red);
  });
  test(ofItself, async () => {
    let visitors = 0;
    const counting = (): [string, string] => ['text/html', `<title>${(visitors += 1)} visitors</title>`];
    expect(await answering(counting, () => undefined)).toMatchObject({ verdict: 'pass' });
  });
});
