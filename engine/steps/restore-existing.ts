import { dirname, resolve } from 'node:path';
import type { RestoreContext } from '../../core/backup.ts';
import { environmentError, inputError, messageOf } from '../../core/errors.ts';
import {
  OtherBackup,
  type Candidate,
  type Decryption,
  type ExistingRestorer,
  type OpenedBackup,
  type Recognised,
  type RestoredExisting,
} from '../../core/existing.ts';
import type { ExistingPlan } from '../../core/existing-plan.ts';
import type { RestoreExistingStep } from '../../core/steps/restore-existing.ts';
import type { Json } from '../../core/timeline.ts';
import { attachedTo, type Drill, type Given } from '../drill-context.ts';
import { isOfThisRun } from '../drill-environment.ts';
import { decryptionOf } from '../existing-key.ts';
import { fingerprintIn } from '../expectations.ts';
import { component } from '../plan-context.ts';
import { heldWhenEmpty } from './empty-sandbox.ts';
import type { StepWork } from './step.ts';

/** A folder may hold thousands; who has met so many broken ones in a row need not read all of them. */
const refusedMax = 3;
const passedOverMax = 50;

export const restoreExisting: StepWork<RestoreExistingStep> = {
  check: (context, step, path) => {
    const { problems, source, procedure, strategyFile } = context;
    const found = component(context, step.restoreExisting, [...path, 'restoreExisting']);
    if (!found) return;
    const at = source.place([...path, 'restoreExisting']);
    if (procedure !== 'restore-test')
      return problems.add(
        inputError('a backup that exists already is restored by a restore test alone', {
          at,
          found: 'restoreExisting in a drill',
          expected: 'muster restore-test',
        }),
      );
    const { existing } = found.declared;
    if (!existing)
      return problems.add(
        inputError(`nothing says where backups of ${found.name} are`, {
          at,
          expected: `existing: { from: … } of ${found.name} in the strategy, or --from`,
        }),
      );
    problems.gather(() => fingerprintIn(existing, strategyFile));
  },

  assertGiven: (drill, step) => void decryptionOf(drill, existingOf(drill, step.restoreExisting)),

  carryOut: async (drill, step, { running, context }) => {
    const name = step.restoreExisting;
    const declared = existingOf(drill, name);
    const restorer = await restorerOf(drill, name);
    const decryption = decryptionOf(drill, declared);
    const plain = context({});
    const from = fromOf(drill, declared);
    const of = { of: running.id, step: running.step, component: name };
    const examined = (one: { name: string; bytes: number }, outcome: Outcome, why: string): void =>
      void drill.timeline.emit('existing.examined', {
        ...of,
        name: one.name,
        bytes: one.bytes,
        outcome,
        why,
      });
    const { found, order, passedOver } = await plain.stage('fetch', `backups in ${from}`, () =>
      drill.existing.list(from),
    );
    for (const one of passedOver.slice(0, passedOverMax)) examined(one, 'passed-over', one.why);
    if (passedOver.length > passedOverMax)
      drill.timeline.emit('note', {
        text: `${passedOver.length - passedOverMax} more files in ${from} are passed over by their names`,
      });
    const refusals: string[] = [];
    const trying: Trying = { drill, declared, restorer, decryption, plain, held: { names: null } };
    for (const candidate of found) {
      const tried = await tryCandidate(trying, candidate);
      if ('restored' in tried) {
        const { restored, opened, recognised, emptied } = tried;
        const { tool, server, database, madeAt } = restored.said;
        const read = opened.read();
        const { whole } = restored;
        const told = { name: candidate.name, ...read, format: recognised.format, whole, order };
        drill.timeline.emit('existing.restored', {
          ...of,
          ...told,
          provenance: 'external',
          layers: [...opened.layers],
          ...{ madeAt, madeBy: tool, madeOn: server, database },
        });
        const { held } = tried;
        return {
          backup: candidate.name,
          sha256: read.sha256,
          facts: restored.facts,
          emptied,
          heldWhenEmpty: held,
        };
      }
      examined(candidate, tried.outcome, tried.why);
      if (tried.outcome === 'refused') refusals.push(`${candidate.name}: ${tried.why}`);
      if (refusals.length >= refusedMax) break;
    }
    throw nothingRestored(name, from, refusals, found.length + passedOver.length);
  },
};

type Outcome = 'passed-over' | 'refused';

const nothingRestored = (name: string, from: string, refusals: readonly string[], all: number): Error =>
  environmentError(`no backup of ${name} could be restored from ${from}`, {
    found:
      refusals.join('; ') ||
      (all === 0 ? 'nothing is there' : `${all} looked at, and none of them is a backup of ${name}`),
    expected: 'a backup that can be restored',
  });

const existingOf = (drill: Pick<Given, 'plan'>, name: string): ExistingPlan =>
  drill.plan.components.get(name)!.declared.existing!;

async function restorerOf(drill: Pick<Drill, 'attached'>, name: string): Promise<ExistingRestorer> {
  const restorer = await attachedTo(drill, name).existing();
  if (!restorer) throw new Error(`the driver of ${name} restores no backups of others`);
  return restorer;
}

/** Paths of a strategy are from its own folder. */
const fromOf = ({ plan }: Given, { from }: ExistingPlan): string =>
  from.startsWith('s3://') ? from : resolve(dirname(plan.strategyFile), from);

interface Trying {
  drill: Drill;
  declared: ExistingPlan;
  restorer: ExistingRestorer;
  decryption: Decryption | null;
  plain: RestoreContext;
  /** Invariants that hold of the empty server; asked once. */
  held: { names: string[] | null };
}

type Tried =
  | {
      restored: RestoredExisting;
      opened: OpenedBackup;
      recognised: Recognised & { is: 'ours' };
      emptied: Json;
      held: string[];
    }
  | { outcome: Outcome; why: string };

/** No fault of the backup that comes next. */
class NotEmptied extends Error {
  readonly trouble: Error;
  constructor(cause: unknown) {
    super('the sandbox is not empty');
    this.trouble = environmentError('the server of the sandbox cannot be emptied for the backup', {
      found: messageOf(cause),
      cause,
    });
  }
}

const emptiedFor = (restorer: ExistingRestorer, declared: ExistingPlan): Promise<Json> =>
  restorer.empty(declared).catch((error: unknown) => {
    throw new NotEmptied(error);
  });

/** What ends the drill passes through; what is wrong with the backup is its outcome. */
async function tryCandidate(
  { drill, declared, restorer, decryption, plain, held }: Trying,
  candidate: Candidate,
): Promise<Tried> {
  const { signal, stage, progress } = plain;
  if (candidate.bytes === 0) return { outcome: 'refused', why: 'it is empty: 0 bytes' };
  let opened: OpenedBackup | null = null;
  try {
    opened = await stage('fetch', candidate.name, () => drill.existing.open(candidate, decryption, signal));
    const recognised = restorer.recognise(opened.head, declared);
    if (recognised.is === 'other') return { outcome: 'passed-over', why: recognised.why };
    if (recognised.is === 'broken') return { outcome: 'refused', why: recognised.why };
    const emptied = await emptiedFor(restorer, declared);
    held.names ??= await heldWhenEmpty(drill);
    const { content } = opened;
    const restored = await stage('restore', candidate.name, () =>
      restorer.restore(content, recognised, { signal, progress, declared, isOfThisRun: isOfThisRun(drill) }),
    );
    return { restored, opened, recognised, emptied, held: held.names };
  } catch (error) {
    drill.signal.throwIfAborted();
    signal.throwIfAborted();
    if (error instanceof NotEmptied) throw error.trouble;
    if (error instanceof OtherBackup) return { outcome: 'passed-over', why: messageOf(error) };
    return { outcome: 'refused', why: messageOf(error) };
  } finally {
    opened?.close();
  }
}
