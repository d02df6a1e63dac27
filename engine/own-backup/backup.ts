import { Readable } from 'node:stream';
import type { BackupContext, Consistency, Sink } from '../../core/backup.ts';
import { NoRecoveryPoint } from '../../core/errors.ts';
import type { OwnCommand, OwnOptions } from '../../core/own-backup.ts';
import type { ExternalPayload } from '../../core/recovery-point.ts';
import { commandTitle } from '../../core/steps/command.ts';
import { eventsOf } from '../../core/timeline.ts';
import { writesTo } from '../covered.ts';
import { contentOf, digestOf, type Left, type Looked } from './digest.ts';
import type { Found, Ground } from './ground.ts';
import { inspection, passing, type Content } from './inside.ts';
import { referenceIn, shown } from './reference.ts';
import { assertNoSecret, at, run, type Own } from './place.ts';
import { lookInStore } from './stored.ts';

const nothing = async (): Promise<void> => undefined;

/**
 * Runs the script and takes in what it left. Rejects where that is nothing, less than it must be, half of
 * something, or what the last one was.
 */
export async function backUp(own: Own, to: Sink, context: BackupContext): Promise<Consistency> {
  const { drill, component } = own;
  const options = context.options as Making;
  // Before the script begins: what was acknowledged by now is in what it copies. Early, never late.
  const atMs = context.now();
  const writes = writesTo(drill, component.name);
  const made = await make(own, options, to, context);
  const whole = made.kept ?? digestOf(made.files);
  const { content } = made;
  assertEnough(own, options, { bytes: whole.bytes, content, writes }, 'the script ended well and');
  own.earlier.push({ content, writes: writesTo(drill, component.name) });
  return {
    atMs,
    position: { content: whole.sha256 },
    tool: commandTitle(options.backup),
    server: drill.attached.get(component.name)?.server ?? component.name,
    facts: { files: made.files.map((one) => ({ ...one })) },
    ...(made.kept ? { kept: made.kept } : {}),
  };
}

type Making = OwnOptions & { backup: OwnCommand };

function make(own: Own, { backup, produces }: Making, to: Sink, context: BackupContext): Promise<Made> {
  const patterns = 'files' in produces ? produces.files : [];
  return at(own, backup, context, patterns, async (place) => {
    const { ground } = place;
    const begunMs = context.now();
    const before = await ground.list();
    const stored = 'objects' in produces ? await lookInStore(own, produces) : null;
    const watch = patterns.length > 0 ? ground.watch(context.firstByte ?? nothing) : null;
    const outcome = await run(own, backup, context, place, { facts: { MUSTER_OUT: ground.folder } }).finally(
      () => watch?.end(),
    );
    assertNotBroken(own, context, begunMs, 'the script');
    if ('kept' in produces) {
      const reference = referenceIn(outcome);
      const { bad, content, ...is } = await shown(own, produces.kept, reference, context);
      if (bad !== null)
        throw new NoRecoveryPoint(`the script ended well, and ${reference} is no backup: ${bad}`);
      return { files: [], kept: { reference, ...is }, content };
    }
    if (stored) return { files: [], ...(await stored.whatIsNew(context.signal)) };
    const carried = await carryOff(own, ground, before, to, patterns);
    const files = carried.map(({ content: _, ...file }) => file);
    return { files, kept: null, content: contentOf(carried) };
  });
}
interface Made {
  files: Left[];
  kept: ExternalPayload | null;
  content: Content;
}

/**
 * What was copied while the component was broken is of before or of after that, and nobody knows which: a
 * recovery that goes back to before the fault must not take it.
 */
export function assertNotBroken(
  { drill, component }: Own,
  { now }: Pick<BackupContext, 'now'>,
  begunMs: number,
  who: string,
): void {
  const { name, service } = component;
  const hit = eventsOf(drill.timeline.events, 'fault.begun').find(
    ({ atMs, data: { target, components = [] } }) =>
      atMs >= begunMs && (target === name || target === service || components.includes(name)),
  );
  if (hit)
    throw new NoRecoveryPoint(`${who} was under way when ${name} was broken`, {
      found: `${hit.data.fault}, ${Math.round(hit.atMs - begunMs)} ms after it had begun`,
      expected: `an end before that; it came after ${Math.round(now() - begunMs)} ms`,
    });
}

/** Puts what is new or changed into the recovery point, and looks at it from end to end. */
async function carryOff(
  own: Own,
  ground: Ground,
  before: readonly Found[],
  to: Sink,
  patterns: readonly string[],
): Promise<Looked[]> {
  const there = await ground.list();
  const made = changed(before, there);
  if (made.length === 0)
    throw new NoRecoveryPoint(`the script ended well and left nothing that matches ${patterns.join(', ')}`, {
      found: there.length > 0 ? `${there.length} files, as they were before it` : 'no file',
      expected: 'a file that is new, or was written to',
    });
  const left: Looked[] = [];
  for (const file of made) {
    assertNoSecret(own, file.name);
    const looked = inspection(own.component.driver.dumps ?? []);
    const { plainBytes, sha256 } = await to.put(
      file.name,
      Readable.from(passing(ground.read(file), looked), { objectMode: false }),
    );
    const bad = await looked.end();
    if (bad !== null)
      throw new NoRecoveryPoint(`the script ended well, and ${file.name} is no backup: ${bad}`);
    left.push({ name: file.name, bytes: plainBytes, sha256, content: looked.content() });
  }
  const moving = changed(made, await ground.list()).find(({ path }) => made.some((one) => one.path === path));
  if (moving)
    throw new NoRecoveryPoint(`the script ended well, and ${moving.name} was still being written after that`);
  return left;
}

function changed(before: readonly Found[], now: readonly Found[]): Found[] {
  const states = new Map(before.map(({ path, state }) => [path, state]));
  return now.filter(({ path, state }) => states.get(path) !== state);
}

/** `who`: the subject of what is said. */
export function assertEnough(
  { earlier }: Own,
  { produces: { atLeast } }: Pick<OwnOptions, 'produces'>,
  { bytes, content, writes }: { bytes: number; content: Content; writes: number | null },
  who: string,
): void {
  if (bytes < atLeast.bytes)
    throw new NoRecoveryPoint(`${who} left less than it must`, {
      found: `${bytes} bytes`,
      expected: `at least ${atLeast.text}`,
    });
  // Where clients wrote nothing since that one was made, the same is right; and where this one was begun
  // before that one was done.
  const same = earlier.findLast((one) =>
    writes === null
      ? one.content.exact === content.exact
      : one.content.alike === content.alike && (one.writes ?? 0) < writes,
  );
  if (!same) return;
  const what = same === earlier.at(-1) ? 'the same as the time before' : 'the same as an earlier time';
  throw new NoRecoveryPoint(`${who} left ${what}`, {
    found: `${bytes} bytes; SHA-256 of what is in them ${content.exact.slice(0, 16)}…`,
    expected:
      writes === null || same.writes === null
        ? 'a copy of what there is now'
        : `a copy of what there is now: ${writes - same.writes} writes were acknowledged meanwhile`,
  });
}
