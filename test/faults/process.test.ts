import { describe, expect, test } from 'vitest';
import type { Service, ServiceState } from '../../core/service.ts';
import { startAgain } from '../../faults/process.ts';

const running = (pid: number): ServiceState => ({
  status: 'running',
  pid,
  startedAt: `start of ${pid}`,
  exitCode: null,
  oomKilled: false,
  restarts: 0,
  health: null,
});
const exited: ServiceState = { ...running(1), status: 'exited', pid: null, exitCode: 137 };

/** What an engine answers, one after the other, and the last one for good. */
function engine(answers: ServiceState[]): { service: Service; starts(): number } {
  let starts = 0;
  const service = {
    name: 'redis',
    state: async () => (answers.length > 1 ? answers.shift()! : answers[0]!),
    start: async () => {
      starts += 1;
    },
  };
  return { service: service as unknown as Service, starts: () => starts };
}

describe('the undo of a kill', () => {
  test('a process that the engine still calls running is not taken for one that runs again', async () => {
    const { service } = engine([running(1)]);
    expect(await startAgain(service, 'undo crash of', () => running(1)).healed()).toBe(false);
    expect(await startAgain(engine([running(2)]).service, 'undo crash of', () => running(1)).healed()).toBe(
      true,
    );
  });

  test('it waits until the engine has noticed, and starts what nothing else does', async () => {
    const slow = engine([running(1), running(1), exited]);
    await startAgain(slow.service, 'undo crash of', () => running(1)).run();
    expect(slow.starts()).toBe(1);
  });

  test('a restart policy that was faster is left alone', async () => {
    const restarted = engine([running(1), { ...exited, status: 'restarting' }]);
    await startAgain(restarted.service, 'undo crash of', () => running(1)).run();
    expect(restarted.starts()).toBe(0);
  });

  test('a process that survived runs, and nothing has to be healed', async () => {
    const unhurt = engine([running(1)]);
    const undo = startAgain(unhurt.service, 'undo crash of', () => running(1));
    await undo.run();
    expect(unhurt.starts()).toBe(0);
    expect(await undo.healed()).toBe(true);
  });
});
