import { Readable } from 'node:stream';
import type { BackupContext, Consistency, Sink } from '../../core/backup.ts';
import { NoRecoveryPoint } from '../../core/errors.ts';
import { writesTo } from '../covered.ts';
import { assertEnough, assertNotBroken } from './backup.ts';
import { contentOf, digestOf } from './digest.ts';
import { untilWhole } from './until-whole.ts';
import { look, lookEveryMs, untroubled, type Watch } from './watch.ts';

type Timing = Pick<BackupContext, 'now' | 'signal'>;

/** See BackupMethod.awaitNext. */
export async function awaitNext(
  watch: Watch,
  { withinMs, now, signal }: Timing & { withinMs: number },
): Promise<{ lastWithoutMs: number }> {
  const { own, who, place } = watch;
  watch.withinMs = withinMs;
  const begunMs = now();
  const troubled = untroubled();
  for (;;) {
    signal.throwIfAborted();
    const fresh = await troubled.unless(() => look(watch, now()));
    if (fresh?.length && watch.lastWithoutMs !== null) return { lastWithoutMs: watch.lastWithoutMs };
    if (now() - begunMs > withinMs) {
      if (troubled.by !== null) throw await place.troubleOf(troubled.by);
      throw new NoRecoveryPoint(`${who} has left nothing new in ${Math.round(withinMs / 1000)} s`, {
        found: place.found(),
        expected: `something that is new in ${place.where}, once in half of that time`,
      });
    }
    await own.drill.clock.sleep(lookEveryMs(watch), signal);
  }
}

/**
 * Waits until what appeared is whole, and takes it in: it has stayed as it is, and twice the same was read of
 * it. What is empty, too little, or half of something may still become more; it is refused once the next one
 * begins beside it, or when its time is over.
 */
export async function takeNext(watch: Watch, to: Sink, context: BackupContext): Promise<Consistency> {
  const { own, options, place, who } = watch;
  const { drill, component } = own;
  const atMs = watch.lastWithoutMs!;
  const writes = writesTo(drill, component.name);
  const { parts, firstMs, wholeMs } = await untilWhole(watch, atMs, context);
  const looked = parts.map((one) => one.looked);
  const whole = digestOf(looked);
  const content = contentOf(looked);
  assertEnough(own, options, { bytes: whole.bytes, content, writes }, who);
  for (const { looked: one, file } of parts) {
    if (place.keeps) continue;
    const { sha256 } = await to.put(one.name, Readable.from(place.read(file), { objectMode: false }));
    if (sha256 !== one.sha256) throw stillWritten(watch, one.name);
  }
  const moved = (await place.list()).find(({ path, state }) =>
    parts.some(({ file }) => file.path === path && file.state !== state),
  );
  if (moved) throw stillWritten(watch, moved.name);
  assertNotBroken(own, context, atMs, who);
  own.earlier.push({ content, writes: writesTo(drill, component.name) });
  const reference = looked.map(({ name }) => name).join('\n');
  return {
    atMs,
    position: { content: whole.sha256 },
    tool: `${who}, by a schedule of its own`,
    server: drill.attached.get(component.name)?.server ?? component.name,
    facts: {
      files: looked.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })),
      followed: {
        ...{ lastWithoutMs: atMs, firstSeenMs: firstMs, wholeMs, settlesMs: options.follow.settles.ms },
        lookEveryMs: lookEveryMs(watch),
      },
    },
    ...(place.keeps ? { kept: { reference, ...whole } } : {}),
  };
}

const stillWritten = ({ who, options }: Watch, name: string): NoRecoveryPoint =>
  new NoRecoveryPoint(`${name} of ${who} was still being written after it had been left alone`, {
    found: `settles: ${options.follow.settles.text}`,
    expected: 'a longer time, in which nothing is written to what is not whole',
  });
