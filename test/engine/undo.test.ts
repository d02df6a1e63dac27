import { describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Undo } from '../../core/active-fault.ts';
import { createUndoStack, type UndoOutcome } from '../../engine/undo.ts';

const undo = (name: string, part: Partial<Undo> = {}): Undo => ({
  name,
  deadlineMs: 200,
  run: async () => undefined,
  healed: async () => true,
  ...part,
});

async function unwound(...undos: Undo[]): Promise<{ outcomes: UndoOutcome[]; of: string[]; left: number }> {
  const stack = createUndoStack(systemClock);
  for (const [i, one] of undos.entries()) stack.push(`fault-${i + 1}`, one);
  const outcomes: UndoOutcome[] = [];
  const of: string[] = [];
  await stack.unwind((fault) => {
    of.push(fault);
    return (outcome) => void outcomes.push(outcome);
  });
  return { outcomes, of, left: stack.size };
}

describe('the undo stack', () => {
  it('runs last in, first out', async () => {
    const order: string[] = [];
    await unwound(...['a', 'b', 'c'].map((name) => undo(name, { run: async () => void order.push(name) })));
    expect(order).toEqual(['c', 'b', 'a']);
  });
  // SQLite's fault loop: let the nth one fail, for every n, and see that the stack emptied each time.
  it.each([0, 1, 2, 3])('goes on when number %i fails, and says so', async (bad) => {
    const names = ['a', 'b', 'c', 'd'];
    const ran: string[] = [];
    const { outcomes, of, left } = await unwound(
      ...names.map((name, i) =>
        undo(name, {
          run: async () => {
            ran.push(name);
            if (i === bad) throw new Error(`cannot undo ${name}`);
          },
        }),
      ),
    );
    expect(ran).toEqual([...names].reverse());
    expect(of).toEqual(['fault-4', 'fault-3', 'fault-2', 'fault-1']);
    expect(left).toBe(0);
    expect(outcomes.filter((one) => !one.ok)).toEqual([
      { undo: names[bad], ok: false, healed: false, error: `cannot undo ${names[bad]}` },
    ]);
  });
  it('does not wait for ever', async () => {
    const { outcomes } = await unwound(
      undo('first'),
      undo('hangs', { deadlineMs: 50, run: () => new Promise(() => undefined) }),
    );
    expect(outcomes[0]).toMatchObject({ undo: 'hangs', ok: false, error: 'hangs took longer than 50 ms' });
    expect(outcomes[1]).toMatchObject({ undo: 'first', ok: true, healed: true });
  });
  it('does not believe an undo that healed nothing', async () => {
    const { outcomes } = await unwound(undo('lies', { healed: async () => false }));
    expect(outcomes).toEqual([{ undo: 'lies', ok: false, healed: false }]);
  });
  it('waits for an undo that heals a moment later', async () => {
    let looks = 0;
    const { outcomes } = await unwound(
      undo('slow', { deadlineMs: 2000, healed: async () => (looks += 1) >= 3 }),
    );
    expect(outcomes).toEqual([{ undo: 'slow', ok: true, healed: true }]);
  });
  it("leaves null where healing is the recovery's business", async () => {
    const { outcomes } = await unwound(undo('wipe', { healed: async () => null }));
    expect(outcomes).toEqual([{ undo: 'wipe', ok: true, healed: null }]);
  });
});
