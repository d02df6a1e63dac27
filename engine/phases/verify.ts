import type { CheckOutcome } from '../../core/driver.ts';
import { messageOf } from '../../core/errors.ts';
import { digestOf, kinds, outcomes } from '../../core/ledger.ts';
import { invariantOutcome } from '../command.ts';
import { attachedTo, workloadOf, type Drill, type Recorded } from '../drill-context.ts';
import { judgeExpectations } from '../expectations.ts';
import { loadSpaceOf } from '../load-space.ts';
import type { PlannedCheck } from '../../core/planned.ts';
import type { Plan } from '../../core/planned.ts';
import { askAll } from '../asked.ts';
import { askFaultsAgain } from '../still-there.ts';
import type { Phase } from './phase.ts';
import { sayWait, waitFor } from '../waiting.ts';
import { withDeadline } from '../../core/deadline.ts';

const readBackDeadlineMs = 180_000;
/** Two looks at everything, and an application's own events between them. */
const checkDeadlineMs = 300_000;

export const verify: Phase = {
  name: 'verify',
  run: async (drill, { before, readyBefore, seen }) => {
    await readBackAll(drill);
    await runChecks(drill, readyBefore);
    await judgeExpectations(drill);
    await askFaultsAgain(drill);
    await askAll(drill, before, readyBefore, seen);
  },
};

/**
 * Reads every load's records back through the clients' way in. What could not be read completely is said so,
 * and nothing is concluded from it.
 */
async function readBackAll(
  drill: Pick<Drill, 'plan' | 'timeline' | 'ledger' | 'attached' | 'clock' | 'signal' | 'progress'>,
): Promise<void> {
  const { plan, timeline, ledger } = drill;
  for (const [index, [load, { target, by }]] of Object.entries(plan.scenario.load).entries()) {
    const workload = workloadOf(drill, { target, by });
    if (workload.kind === 'visits') continue;
    drill.signal.throwIfAborted();
    const recorder = ledger.recorder(index);
    const space = loadSpaceOf(plan.scenario.load, load);
    let records = 0;
    try {
      const reading = workload.readBack((id, value) => {
        if (!space.holds(id)) return;
        const nowMs = drill.clock.nowMs();
        const { low, high } = digestOf(value);
        recorder.record(kinds.readback, outcomes.ok, id, id, nowMs, nowMs, low, high, 0);
        records += 1;
        if (records % 5_000 === 0)
          drill.progress({
            kind: 'work',
            what: `reading ${load} back`,
            done: records,
            total: null,
            unit: 'events',
          });
      });
      sayWait(drill, `reading ${load} back`, readBackDeadlineMs);
      await withDeadline(drill.clock, `reading ${load} back`, readBackDeadlineMs, reading);
      ledger.flush();
      timeline.emit('readback.ended', { load, index, complete: true, records });
    } catch (error) {
      ledger.flush();
      timeline.emit('readback.ended', { load, index, complete: false, records, error: messageOf(error) });
    }
  }
}

/** Runs the scenario's checks. One that cannot be carried out is inconclusive, whatever it threw. */
async function runChecks(drill: Drill, readyBefore: readonly string[]): Promise<void> {
  for (const { named, component, check, byDefault } of drill.plan.checks) {
    drill.signal.throwIfAborted();
    const baseline = drill.timeline.events.findLast(
      (event) => event.type === 'check.baseline' && event.data.check === named,
    );
    if (byDefault === 'beside' && !baseline && attachedTo(drill, component).checks[check]!.before) {
      tellUnknown(drill, { named, component }, readyBefore.includes(component));
      continue;
    }
    try {
      const facts = baseline?.type === 'check.baseline' ? baseline.data.facts : null;
      const look = drill.timeline.events.findLast(
        (event) => event.type === 'check.justBefore' && event.data.check === named,
      );
      const justBefore = look?.type === 'check.justBefore' ? look.data.facts : null;
      const run = (): Promise<CheckOutcome> =>
        attachedTo(drill, component).checks[check]!.after(facts, brokenAtMs(drill), justBefore);
      const {
        nothing,
        nobody,
        gone = [],
        ...outcome
      } = await waitFor(drill, `check ${named}`, checkDeadlineMs, run);
      if (byDefault === 'beside' && outcome.verdict !== 'pass') {
        tellBeside(drill, { named, component }, gone, outcome);
        continue;
      }
      if (byDefault === 'elsewhere' && nobody && staysAway(drill, component)) {
        silent(drill, named, 'was made by default and could not be carried out', outcome.detail);
        continue;
      }
      // Nobody asked for it, and it has nothing to say: that is no doubt about anything.
      if (nothing && byDefault) tellNothing(drill, named, byDefault, outcome.detail);
      else
        drill.timeline.emit('check.ended', {
          check: named,
          component,
          ...(byDefault === 'elsewhere' && gone.length === 0 ? perhapsTakenOver(outcome) : outcome),
        });
    } catch (error) {
      if (byDefault === 'beside')
        silent(drill, named, 'was made by default and could not be carried out', messageOf(error));
      else
        drill.timeline.emit('check.ended', {
          check: named,
          component,
          verdict: 'inconclusive',
          detail: `could not be carried out: ${messageOf(error)}`,
          facts: null,
        });
    }
  }
  for (const invariant of drill.plan.invariants) await checkInvariant(drill, invariant);
}

/** Whoever reads the timeline need not wonder what became of a check that is not among those that ended. */
function silent({ timeline }: Recorded, named: string, why: string, detail: string): void {
  timeline.emit('check.silent', { check: named, detail: `${why}: ${detail}` });
  timeline.emit('note', { text: `${named} ${why}: ${detail}` });
}

function tellNothing(
  drill: Recorded,
  named: string,
  byDefault: NonNullable<PlannedCheck['byDefault']>,
  detail: string,
): void {
  if (byDefault === 'always') drill.timeline.emit('check.silent', { check: named, detail });
  else silent(drill, named, 'was made by default and shows nothing', detail);
}

/**
 * Of a component that nobody broke or restored, and that an application may change by right, only what
 * vanished as a whole counts.
 */
function tellBeside(
  drill: Recorded,
  { named, component }: Pick<PlannedCheck, 'named' | 'component'>,
  gone: readonly string[],
  outcome: CheckOutcome,
): void {
  if (gone.length === 0)
    return void silent(
      drill,
      named,
      'was made by default beside a command, and fails nothing',
      outcome.detail,
    );
  const detail = `${gone.join('; ')}: nobody broke or restored ${component}, and a command ran`;
  drill.timeline.emit('check.ended', { check: named, component, ...outcome, verdict: 'fail', detail });
}

/** Where nobody answers its clients, that is as it was said: there is nothing that they could find. */
function staysAway({ plan: { components, scenario } }: Drill, component: string): boolean {
  const names = [component, components.get(component)?.service ?? component];
  return names.some((one) => scenario.staysAway.includes(one));
}

/**
 * A server of its kind is left of which nobody knows whether it took over: that one may lack what differs, or
 * an application changed it by right.
 */
const perhapsTakenOver = (outcome: CheckOutcome): CheckOutcome =>
  outcome.verdict !== 'fail'
    ? outcome
    : {
        ...outcome,
        verdict: 'inconclusive',
        detail: `${outcome.detail}: another server of its kind may have taken over, or an application changed it; \`clients\` in the strategy sets apart a server that another service leads to, and \`decline\` in the scenario leaves the check out`,
      };

/** What a component held that nobody broke could not be noted before the load. */
function tellUnknown(
  drill: Recorded,
  { named, component }: Pick<PlannedCheck, 'named' | 'component'>,
  stood: boolean,
): void {
  if (!stood) {
    const why = `${component} was not ready before anything was broken`;
    silent(drill, named, 'was made by default beside a command', why);
    return;
  }
  drill.timeline.emit('check.ended', {
    check: named,
    component,
    verdict: 'inconclusive',
    detail: `there is nothing to compare with: what ${component} held before the load could not be noted, and a command ran`,
    facts: null,
  });
}

function brokenAtMs({ timeline, originMs }: Recorded): number | null {
  const begun = timeline.events.find((event) => event.type === 'fault.begun' && !event.data.beforehand);
  return begun ? originMs + begun.atMs : null;
}

async function checkInvariant(drill: Drill, { named, command }: Plan['invariants'][number]): Promise<void> {
  drill.signal.throwIfAborted();
  sayWait(drill, `check ${named}`, command.timeout.ms);
  try {
    drill.timeline.emit('check.ended', {
      check: named,
      component: null,
      ...(await invariantOutcome(drill, command)),
    });
  } catch (error) {
    drill.signal.throwIfAborted();
    drill.timeline.emit('check.ended', {
      check: named,
      component: null,
      verdict: 'inconclusive',
      detail: `could not be carried out: ${messageOf(error)}`,
      facts: null,
    });
  }
}
