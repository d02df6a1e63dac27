import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { clearScratch, removeScratch } from '../scratch.ts';
import type { Control, Drill, Sandbox } from '../drill-context.ts';
import { waitFor } from '../waiting.ts';
import type { Ending } from './phase.ts';

const closeDeadlineMs = 30_000;
const downDeadlineMs = 180_000;

/** Everything that was started is gone, unless it is to be kept for a look. */
export const down: Ending = {
  name: 'down',
  run: async (drill) => {
    const errors = await closeAll(drill);
    await tellOutward(drill);
    clearScratch(drill);
    if (!drill.keepStack) errors.push(...(await remove(drill)));
    removeScratch(drill);
    tell(drill, errors);
    return errors.length === 0;
  },
};

type Told = Pick<Drill, 'stack' | 'timeline' | 'clock' | 'progress'>;

async function remove(drill: Told & Pick<Drill, 'folder'>): Promise<string[]> {
  rmSync(join(drill.folder, 'stores'), { recursive: true, force: true });
  const { stack } = drill;
  if (!stack) return [];
  return waitFor(drill, 'taking the stack down', downDeadlineMs, () => stack.down()).then(
    () => [],
    (error: unknown) => [messageOf(error)],
  );
}

const attemptsTold = 10;

/** What services would have sent out, had it been let: of a restored copy that may be mail to customers. */
async function tellOutward(drill: Told): Promise<void> {
  const { stack, timeline } = drill;
  if (!stack?.outwardAttempts) return;
  const note = (text: string): void => void timeline.emit('note', { text });
  try {
    const attempts = await waitFor(drill, 'asking what was sent beyond the stack', closeDeadlineMs, () =>
      stack.outwardAttempts!(),
    );
    for (const { service, to, protocol, port, packets } of attempts.slice(0, attemptsTold))
      note(
        protocol === 'dns'
          ? `${service} asked for the address of ${to}, and was told that there is none`
          : `${service} sent to ${to}, port ${port}/${protocol}, and was refused (packets: ${packets})`,
      );
    if (attempts.length > attemptsTold)
      note(`and to ${attempts.length - attemptsTold} more beyond the stack's own networks, refused as well`);
  } catch (error) {
    note(`what services sent beyond their own networks went nowhere, and is not listed: ${messageOf(error)}`);
  }
}

function tell(
  { stack, timeline, keepStack }: Told & Pick<Drill, 'keepStack'>,
  errors: readonly string[],
): void {
  if (!stack) {
    for (const text of errors) timeline.emit('note', { text });
    return;
  }
  const ok = errors.length === 0;
  const error = keepStack ? 'kept as asked' : errors.join('; ');
  timeline.emit('stack.down', ok && !keepStack ? { ok } : { ok, error });
}

export async function closeAll(
  drill: Pick<Sandbox, 'attached' | 'repository'> & Pick<Control, 'clock' | 'progress'>,
): Promise<string[]> {
  const errors: string[] = [];
  const noting = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await waitFor(drill, what, closeDeadlineMs, work);
    } catch (error) {
      errors.push(`${what}: ${messageOf(error)}`);
    }
  };
  for (const [name, attached] of drill.attached) await noting(`closing ${name}`, () => attached.close());
  drill.attached.clear();
  if (drill.repository) await noting('closing the stores', () => drill.repository!.close());
  return errors;
}
