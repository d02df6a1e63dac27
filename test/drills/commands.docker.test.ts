import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../core/timeline.ts';
import { detailOf, drillForReal, findingsThat } from '../support/real-drill.ts';
import { redisScenario, redisStrategy } from '../support/small-drills.ts';

// Redis dies and its restart policy brings it back; what people would do besides is a command in its
// container.
const crashed = (recover: unknown, change: Record<string, unknown> = {}): Record<string, unknown> =>
  redisScenario({
    timeScale: 1,
    protect: [],
    points: 1,
    fault: { crash: 'redis', at: '+2s' },
    recover,
    ...change,
  });
const invariants = {
  answers: { command: ['sh', '-c', 'test "$(redis-cli ping)" = PONG && echo it answers'], in: 'redis' },
};

describe('a command in a container', { concurrent: true, timeout: 300_000 }, () => {
  it('is a step of the recovery, and an invariant; what it says is evidence without its secret', async () => {
    const script =
      'until redis-cli ping | grep -q PONG; do sleep 0.1; done; echo "$1 for $MUSTER_DRILL of $MUSTER_PROJECT"; echo "key $KEY" >&2';
    const { result, events } = await drillForReal({
      strategy: { ...redisStrategy(), invariants },
      scenario: crashed(
        [
          {
            command: ['sh', '-c', script, 'sh', 'warmed up'],
            in: 'redis',
            env: { KEY: 'MUSTER_BACKUP_KEY' },
          },
        ],
        { check: ['ledger', 'answers'] },
      ),
    });
    expect(
      result.findings.filter(({ verdict }) => verdict !== 'pass').map(({ id, detail }) => `${id}: ${detail}`),
    ).toEqual([]);
    const ended = eventsOf(events, 'command.ended');
    expect(ended.map(({ data }) => [data.id, data.exitCode])).toEqual(
      [1, 2, 3].map((n) => [`command-${n}`, 0]),
    );
    expect(eventsOf(events, 'attachment.saved').map(({ data }) => data.file)).toEqual(
      [1, 2, 3].flatMap((n) => ['stdout', 'stderr'].map((what) => `attachments/command-${n}.${what}.txt`)),
    );
    expect(eventsOf(events, 'step.ended')[0]!.data.facts).toEqual({
      exitCode: 0,
      stdout: `warmed up for ${result.drill} of muster-${result.drill}`,
      stderr: 'key ***',
    });
    expect(detailOf(result, 'check/answers')).toMatch(/in redis ended with 0: it answers$/);
  });

  it('that does not end in time is ended with all that it began, and the recovery has failed', async () => {
    const { result, left } = await endless({ timeout: '20s' }, {});
    expect(result.exitCode).toBe(1);
    expect(findingsThat('fail', result)).toContain('recovery');
    expect(detailOf(result, 'recovery')).toContain(
      'it was ended after 20s, with everything in its process group; its last lines: begun',
    );
    expect(left).toBe('');
  });

  it('that its step has no more time for is ended with all that it began, before the next attempt', async () => {
    const { result, events, left } = await endless({ timeout: '2h' }, { stepDeadline: '20s', attempts: 2 });
    expect(result.exitCode).toBe(1);
    expect(detailOf(result, 'recovery')).toMatch(/in redis took longer than 20\.0 s\. Before this/);
    expect(eventsOf(events, 'command.begun', 'command.ended').map(({ type }) => type)).toEqual(
      [1, 2].flatMap(() => ['command.begun', 'command.ended']),
    );
    const [first] = eventsOf(events, 'command.ended');
    const [, second] = eventsOf(events, 'recovery.begun');
    expect(first!.seq).toBeLessThan(second!.seq);
    expect(left).toBe('');
  });
});

/** A drill whose command never ends, and what of that is at work when everything is read back. */
async function endless(
  step: Record<string, unknown>,
  change: Record<string, unknown>,
): Promise<Pick<Awaited<ReturnType<typeof drillForReal>>, 'result' | 'events'> & { left: string | null }> {
  let left: string | null = null;
  const script =
    'until redis-cli ping | grep -q PONG; do sleep 0.1; done; echo begun; sleep 4711 & setsid sleep 4711 & sleep 4711';
  const look =
    'for f in /proc/[0-9]*/cmdline; do tr "\\0" " " < "$f" 2>/dev/null; echo; done | grep "^sleep 4711"';
  const { result, events } = await drillForReal({
    strategy: redisStrategy(),
    scenario: crashed([{ command: ['sh', '-c', script], in: 'redis', ...step }], change),
    tampering: {
      readBack: async ({ stack }) => {
        left = (await stack.services.get('redis')!.exec(['sh', '-c', look])).stdout;
      },
    },
  });
  return { result, events, left };
}
