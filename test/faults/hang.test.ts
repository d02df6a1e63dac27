import { expect, test } from 'vitest';
import type { Service } from '../../core/service.ts';
import { systemClock } from '../../core/clock.ts';
import hang from '../../faults/container/hang.ts';

/** What an engine lists, by PID: whether it is stopped. */
function listing(processes: Map<number, boolean>): Service {
  const listed = async () => [...processes].map(([pid, stopped]) => ({ pid, stopped }));
  return {
    name: 'worker',
    state: async () => ({ status: 'running', pid: 1 }),
    processes: listed,
    signalEach: async () => {
      for (const pid of processes.keys()) processes.set(pid, true);
      return [...processes.keys()];
    },
  } as unknown as Service;
}

test('a hang is still there as long as one of the processes is stopped', async () => {
  const processes = new Map([
    [1, false],
    [20, false],
  ]);
  const target = { service: listing(processes), clock: systemClock };
  const { witness, stillThere } = await hang.inject(target, {}, { seed: 1 });
  expect(await witness()).not.toBeNull();
  processes.delete(20);
  expect((await stillThere!())?.what, 'one was ended, as Docker ends a health check').toMatch(/process 1 is/);
  expect(await witness(), 'all that there is of it hangs').not.toBeNull();
  processes.set(20, false);
  expect((await stillThere!())?.what, 'and one begun anew').toMatch(/process 1 is/);
  expect(await witness(), 'one goes on').toBeNull();
  processes.set(1, false);
  expect(await stillThere!()).toBeNull();
});
