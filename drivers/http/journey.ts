import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { OperationError } from '../../core/ledger.ts';
import { foundOf } from './answer.ts';
import { carriedIn, type Carried, type Named } from './carried.ts';
import type { Found } from './match.ts';
import type { Known, Memory } from './memory.ts';
import { listed, type ReadStep, type Step } from './request-shape.ts';
import type { JourneyShape } from './shape.ts';
import { lookalike } from './lookalike.ts';
import { runSteps, type Asker, type Done } from './steps.ts';
import { namesIn, type Values } from './template.ts';

export interface JourneyOptions {
  name: string;
  shape: JourneyShape;
  asker: Asker;
  memory: Memory;
  clock: Clock;
  /** What `setup` captured. */
  given(): Values;
  note(text: string): void;
}

/** Whoever asks what is so, and not how fast, waits longer. */
const patienceMs = 15_000;

/** An error about the operation; what it quotes is the file's own words. */
const notDone = (done: Exclude<Done, { kind: 'right' }>): OperationError =>
  new OperationError(done.detail, done.certain);

/** One kind of record, as a journey of the configuration writes, reads and removes it. */
export class Journey {
  readonly name: string;
  readonly shape: JourneyShape;
  readonly options: JourneyOptions;
  /** What `write` captures and `read` needs: what the service calls a record. */
  readonly names: readonly string[];
  /**
   * Reading uses up what it reads by, as a token that is good once: of what is there only reading back does
   * it.
   */
  readonly usesUp: boolean;
  /** Where an answer to `read` has the value. */
  readonly valueAt: Found | undefined;
  /** Nothing has shown that a record which is not there would be found absent: set by its rehearsal. */
  neverAbsent = false;
  /** Another record, written by its rehearsal where the names of one alone may say what was written. */
  beside: Known | null = null;
  readonly #concerns: readonly string[];
  readonly #asksId: boolean;

  constructor(options: JourneyOptions) {
    const { shape } = options;
    this.name = options.name;
    this.shape = shape;
    this.options = options;
    const captured = listed(shape.write).flatMap((step) => Object.keys(step.capture));
    const read = listed(shape.read);
    const asked = namesIn(read).map(({ name }) => name);
    this.names = [...new Set(captured.filter((name) => asked.includes(name)))];
    this.usesUp = read.some((step) => Object.keys(step.capture).some((name) => this.names.includes(name)));
    this.valueAt = read.at(-1)!.value;
    this.#asksId = asked.includes('id');
    this.#concerns = ['id', 'value', ...captured];
  }

  #run(steps: readonly Step[], known: Known, extra: Values, patient = false): Promise<Done> {
    const { asker, shape, given } = this.options;
    const values = { ...given(), ...known.captured, id: String(known.id), ...extra };
    return runSteps(asker, steps, values, {
      concerns: this.#concerns,
      fails: shape.fails,
      absent: shape.absent,
      ...(patient ? { deadlineMs: patienceMs, fresh: true } : {}),
    });
  }

  /** Writes a record, or gives it another value; one that is not there any more is written anew. */
  async write(id: number, value: string): Promise<void> {
    const { memory, clock } = this.options;
    const before = memory.get(id);
    const there = this.shape.rewrite && before?.captured && !before.removed && (await this.#isThere(before));
    const known = memory.begin(id, value);
    let done = there ? await this.#run(listed(this.shape.rewrite), known, { value }) : null;
    const kept = done?.kind === 'right' ? known.captured! : {};
    if (!done || done.kind === 'absent')
      done = await this.#run(listed(this.shape.write), { ...known, captured: null }, { value });
    known.changedMs = clock.nowMs();
    if (done.kind !== 'right') throw notDone(done);
    const captured = { ...kept, ...this.#captured(done.values) };
    if (memory.acknowledge(known, this.#called(captured), captured, clock.nowMs())) this.#tellRenamed();
  }

  #captured(values: Values): Values {
    const names = listed(this.shape.write).flatMap((step) => Object.keys(step.capture));
    return Object.fromEntries(
      names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])),
    );
  }
  /** What the service calls it by; null where clients name it themselves. */
  #called = (captured: Values): string | null =>
    this.names.length > 0 ? JSON.stringify([this.name, ...this.names.map((name) => captured[name])]) : null;

  #tellRenamed(): void {
    if (this.options.memory.renamed === 1)
      this.options.note(
        `${this.name}: the service gave a new record what it had called an older one that was acknowledged and not removed: whoever kept that finds another's data`,
      );
  }

  /** The value that is there; null where the record is not. */
  async read(known: Known, patient = false): Promise<string | null> {
    const done = await this.#run(listed(this.shape.read), known, {}, patient);
    if (done.kind === 'absent') return null;
    if (done.kind !== 'right') throw notDone(done);
    if (this.usesUp) known.captured = { ...known.captured, ...this.#captured(done.values) };
    return this.#valueIn(done, known);
  }

  #valueIn(done: Extract<Done, { kind: 'right' }>, known: Known): string | null {
    const { memory } = this.options;
    const { valueAt } = this;
    const idAt = listed<ReadStep>(this.shape.read).at(-1)!.id;
    if (idAt !== undefined) {
      const id = foundOf(done.answer, idAt);
      if (id === undefined) throw new OperationError(`${this.name}: the answer says no id`, false);
      if (id !== String(known.id))
        return this.#another(known, memory.get(Number(id)) !== undefined, `record ${id}`);
    }
    if (this.isAmbiguous(known))
      throw new OperationError(
        `${this.name}: two records have had one name, and no answer says which it is`,
        false,
      );
    if (valueAt === undefined) return known.sent.at(-1)!;
    const value = foundOf(done.answer, valueAt);
    if (value === undefined) {
      // The record is there for certain, and what was written in it is not.
      if (idAt !== undefined) return 'no value';
      throw new OperationError(`${this.name}: the answer has no value`, false);
    }
    return known.sent.includes(value)
      ? value
      : this.#another(known, memory.isOfAnother(known.id, value), value);
  }

  /** What is found by its name is another record: this one is not there, or what is there is not right. */
  #another(known: Known, ours: boolean, value: string): string | null {
    if (!ours) return value;
    if (this.options.memory.rename(known.id)) this.#tellRenamed();
    return null;
  }

  /** What the names of a record can say by themselves, by name. */
  #carriedBy = (known: Known): (readonly [string, Carried])[] => {
    const named = ({ captured, sent }: Known, name: string): Named => ({
      name: captured![name]!,
      value: sent.at(-1)!,
    });
    const beside = this.beside;
    return this.names.map((name) => {
      const one = named(known, name);
      return [name, carriedIn(one.name, one.value, beside ? named(beside, name) : undefined)];
    });
  };

  /**
   * What an answer about it may come from without anything being looked up. Null where something that `read`
   * asks by can say nothing by itself. Of what is used up nobody knows which of them is looked at.
   */
  carried(known: Known): Carried {
    const all = this.#carriedBy(known).map(([, carried]) => carried);
    if (!this.usesUp && (this.#asksId || all.includes(null))) return null;
    if (all.includes('value') && this.valueAt !== undefined) return 'value';
    return all.some((one) => one !== null) ? 'perhaps' : null;
  }

  /**
   * Whether an answer about a record that nobody wrote is the same as about one that is there: asked for by
   * names that look like the given one's. What can say nothing by itself is changed alone, where there is
   * any: a token by which nobody comes in would hide that whatever is asked for is found.
   */
  async findsWhatNobodyWrote(like: Known, id: number): Promise<boolean> {
    const all = this.usesUp || this.carried(like) !== null;
    const changed = this.#carriedBy(like).flatMap(([name, carried]) =>
      all || carried === null ? [[name, lookalike(like.captured![name]!)] as const] : [],
    );
    const captured = { ...like.captured, ...Object.fromEntries(changed) };
    const done = await this.#run(listed(this.shape.read), { ...like, id, captured }, {}, true);
    if (done.kind !== 'right') return false;
    const idAt = listed<ReadStep>(this.shape.read).at(-1)!.id;
    if (idAt !== undefined && foundOf(done.answer, idAt) !== String(id)) return false;
    if (this.valueAt === undefined) return true;
    const value = foundOf(done.answer, this.valueAt);
    // By a number of Muster's own alone, one of several accounts may be found that have been there.
    return changed.length > 0 ? value !== undefined : value === like.sent.at(-1);
  }

  /** Asked for by the same names with another value in them, the answer has that one. */
  async echoes(like: Known): Promise<boolean> {
    const value = like.sent.at(-1)!;
    const other = lookalike(value);
    const named = this.names.map((name) => [
      name,
      like.captured![name]!.replaceAll(new RegExp(value, 'gi'), other),
    ]);
    const captured = { ...like.captured, ...Object.fromEntries(named) };
    if (this.valueAt === undefined || isDeepStrictEqual(captured, like.captured)) return false;
    const done = await this.#run(listed(this.shape.read), { ...like, captured }, {}, true);
    return done.kind === 'right' && foundOf(done.answer, this.valueAt)?.toLowerCase() === other;
  }

  /** A name that may be another record's by now, where no answer says whose it is. */
  isAmbiguous = (known: Known): boolean =>
    this.valueAt === undefined &&
    listed<ReadStep>(this.shape.read).at(-1)!.id === undefined &&
    this.options.memory.sharesName(known.id);

  /** One that is not there any more, or whose name is another's by now, is removed already. */
  async remove(known: Known): Promise<void> {
    if (this.usesUp || (await this.#isThere(known))) {
      const done = await this.#run(listed(this.shape.remove), known, {});
      known.changedMs = this.options.clock.nowMs();
      if (done.kind !== 'right' && done.kind !== 'absent') throw notDone(done);
    }
    known.removed = true;
  }

  /**
   * Looked for before it is changed: a service that was set back may have given its name to another record,
   * and Muster changes nobody's but its own. Where that cannot be found out, nothing was changed.
   */
  #isThere = async (known: Known): Promise<boolean> => {
    const value = await this.read(known).catch((error: unknown) => {
      throw new OperationError(messageOf(error), true, error);
    });
    if (value !== null && !known.sent.includes(value))
      throw new OperationError(
        `${this.name}: what is there is nothing that was written for this record`,
        true,
      );
    return value !== null;
  };

  /** Whether it can be asked now, and the answer means something. */
  can(what: 'read' | 'rewrite' | 'remove', id: number): boolean {
    const { memory, clock } = this.options;
    const known = memory.get(id);
    if (!known?.captured) return false;
    if (clock.nowMs() < known.changedMs + (this.shape.settles?.ms ?? 0)) return false;
    // A removed one has nothing left to use up, and whether it stays away can be asked at any time.
    if (what === 'read') return !this.usesUp || known.removed;
    if (known.removed || memory.isRenamed(id)) return false;
    return (what === 'rewrite' ? this.shape.rewrite : this.shape.remove) !== undefined;
  }

  /** Reading it back may find it: the service named it, or clients did. */
  canLookFor = (known: Known): boolean => known.captured !== null || this.names.length === 0;
}
