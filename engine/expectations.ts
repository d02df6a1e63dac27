import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { CheckOutcome } from '../core/check-outcome.ts';
import { inputError, messageOf } from '../core/errors.ts';
import type { ExistingRestorer } from '../core/existing.ts';
import { expectationsOf, type Expectation, type ExistingPlan } from '../core/existing-plan.ts';
import { fingerprintDifferences, fingerprintSchema, type FingerprintFile } from '../core/fingerprint.ts';
import { existingComponents } from '../core/steps/index.ts';
import { eventsOf } from '../core/timeline.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import { momentOf } from '../core/moment.ts';
import { attachedTo, type Drill } from './drill-context.ts';
import { waitFor } from './waiting.ts';

/** All rows of a large backup are counted, or digested. */
const deadlineMs = 2 * 60 * 60_000;
const shown = 12;
/** A clock of another machine may be a little ahead. */
const aheadMs = 5 * 60_000;

/** Holds what came of each backup that exists already against what the strategy expects of it. */
export async function judgeExpectations(drill: Drill): Promise<void> {
  const { plan, timeline } = drill;
  for (const component of new Set(existingComponents(plan.scenario))) {
    const declared = plan.components.get(component)!.declared.existing!;
    const isThere = eventsOf(timeline.events, 'existing.restored').some(
      ({ data }) => data.component === component,
    );
    for (const expectation of expectationsOf(component, declared)) {
      drill.signal.throwIfAborted();
      const outcome = isThere
        ? await outcomeOf(drill, component, expectation)
        : unseen('nothing was restored that it could be asked of');
      const { verdict, detail, facts } = outcome;
      timeline.emit('check.ended', { check: expectation.check, component, verdict, detail, facts });
    }
  }
}

const unseen = (detail: string): CheckOutcome => ({ verdict: 'inconclusive', detail, facts: null });

async function outcomeOf(drill: Drill, component: string, expectation: Expectation): Promise<CheckOutcome> {
  const { check } = expectation;
  try {
    const restorer = (await attachedTo(drill, component).existing())!;
    const nowMs = Date.parse(drill.clock.utc());
    const askedAt = { nowMs, loadedMs: nowMs - sinceLoad(drill) };
    return await waitFor(drill, `check ${check}`, deadlineMs, () =>
      judge(restorer, expectation, askedAt, drill.plan.strategyFile),
    );
  } catch (error) {
    drill.signal.throwIfAborted();
    return unseen(`could not be carried out: ${messageOf(error)}`);
  }
}

/** How long ago the restore began of what is there now, in milliseconds. */
const sinceLoad = ({ timeline }: Pick<Drill, 'timeline'>): number =>
  timeline.now() -
  (eventsOf(timeline.events, 'stage.begun').findLast(({ data }) => data.stage === 'restore')?.atMs ?? 0);

/** Both in milliseconds since 1970. `loadedMs`: when the restore began. */
interface AskedAt {
  nowMs: number;
  loadedMs: number;
}

function judge(
  restorer: ExistingRestorer,
  expectation: Expectation,
  askedAt: AskedAt,
  strategyFile: string,
): Promise<CheckOutcome> {
  switch (expectation.kind) {
    case 'usable':
      return restorer.usable();
    case 'newest':
      return newest(restorer, expectation.newest, askedAt);
    case 'rows':
      return rows(restorer, expectation);
    case 'objects':
      return objects(restorer, expectation);
    case 'sql':
      return holds(restorer, expectation.query);
    case 'fingerprint':
      return sameAsSource(restorer, expectation.file, strategyFile);
  }
}

const fail = (detail: string, facts: CheckOutcome['facts'] = null): CheckOutcome => ({
  verdict: 'fail',
  detail,
  facts,
});

/** The server's own words are about the query, or about what is missing in the backup: no pass either way. */
async function asked(restorer: ExistingRestorer, query: string): Promise<{ value: string | null } | string> {
  try {
    return { value: await restorer.value(query) };
  } catch (error) {
    return `${query}: ${messageOf(error)}`;
  }
}

async function newest(
  restorer: ExistingRestorer,
  { query: given, table, column, within, zone }: (Expectation & { kind: 'newest' })['newest'],
  { nowMs, loadedMs }: AskedAt,
): Promise<CheckOutcome> {
  const query = given ?? restorer.newestIn(table!, column!);
  const answer = await asked(restorer, query);
  if (typeof answer === 'string') return fail(`how old the newest record is cannot be asked: ${answer}`);
  if (answer.value === null) return fail(`there is no newest record: ${query} gives nothing`);
  const atMs = momentOf(answer.value, zone);
  if (atMs === null)
    return {
      verdict: 'inconclusive',
      detail: `${query} gives ${JSON.stringify(answer.value.slice(0, 80))}, which is no time`,
      facts: null,
    };
  const ageMs = nowMs - atMs;
  const at = new Date(atMs).toISOString();
  const facts = { query, newest: at, ageMs, withinMs: within.ms, askedAt: new Date(nowMs).toISOString() };
  if (ageMs < -aheadMs)
    return fail(`the newest record is of ${at}, which is yet to come: a clock or the zone is wrong`, facts);
  // What was in the backup is older than its restore: this says nothing of how old that is.
  if (atMs >= loadedMs)
    return {
      verdict: 'inconclusive',
      detail: `the newest record is of ${at}, after its restore had begun: the server filled it in as it was loaded (a default such as CURRENT_TIMESTAMP), the query asks for the time of now, or a clock is ahead`,
      facts,
    };
  const old = `the newest record is ${formatDuration(Math.max(0, ageMs))} old (${at})`;
  return ageMs <= within.ms
    ? { verdict: 'pass', detail: `${old}, and may be ${within.text}`, facts }
    : fail(`${old}, and may be ${within.text}: the backup is of what was there then`, facts);
}

async function rows(
  restorer: ExistingRestorer,
  { of, least }: Expectation & { kind: 'rows' },
): Promise<CheckOutcome> {
  const count = await restorer.count(of);
  if (count === null) {
    const there = await restorer.objects('tables');
    return fail(`there is no ${of} in the backup; there is ${some(there)}`, { there: there.slice(0, 100) });
  }
  const facts = { of, count, least };
  return count >= least
    ? { verdict: 'pass', detail: `${of} has ${formatCount(count)}, at least ${formatCount(least)}`, facts }
    : fail(`${of} has ${formatCount(count)}, and should have at least ${formatCount(least)}`, facts);
}

const some = (names: readonly string[]): string =>
  names.length === 0
    ? 'none'
    : `${names.slice(0, shown).join(', ')}${names.length > shown ? ` and ${names.length - shown} more` : ''}`;

/** Of accounts that were there before it was loaded nobody can tell whether they are in the backup. */
export async function objects(
  restorer: Pick<ExistingRestorer, 'objects' | 'accountsBefore'>,
  { of, named }: Expectation & { kind: 'objects' },
): Promise<CheckOutcome> {
  const there = await restorer.objects(of);
  // `orders` is found as `shop.orders`; an account `app` as `app@%`.
  const among = (all: readonly string[], name: string): boolean =>
    all.some((one) => one === name || one.endsWith(`.${name}`) || one.startsWith(`${name}@`));
  const missing = named.filter((name) => !among(there, name));
  const before = of === 'users' ? restorer.accountsBefore() : [];
  const brought = there.filter((one) => !before.includes(one));
  const unshown = named.filter((name) => !among(brought, name));
  if (missing.length === 0 && unshown.length > 0)
    return {
      ...unseen(
        `${some(unshown)} ${unshown.length > 1 ? 'were' : 'was'} on the server before the backup was loaded, which brought no such account: not shown to be in the backup`,
      ),
      facts: { unshown },
    };
  if (missing.length === 0)
    return { verdict: 'pass', detail: `all ${named.length} ${of} that were named are there`, facts: null };
  return fail(`${of} are missing in the backup: ${some(missing)}; there is ${some(there)}`, { missing });
}

const isTrue = (value: string | null): boolean => /^(?:t|true|yes|on|1)$/i.test(value?.trim() ?? '');

async function holds(restorer: ExistingRestorer, query: string): Promise<CheckOutcome> {
  const answer = await asked(restorer, query);
  if (typeof answer === 'string') return fail(answer);
  const { value } = answer;
  const facts = { query, value: value?.slice(0, 200) ?? null };
  return isTrue(value)
    ? { verdict: 'pass', detail: `${query} gives ${value}`, facts }
    : fail(`${query} gives ${value === null ? 'nothing' : value.slice(0, 200)}, and not t or 1`, facts);
}

/** The fingerprint that is declared; null where none is. Input error naming what is wrong with its file. */
export function fingerprintIn(
  { expect }: ExistingPlan,
  strategyFile: string,
): { file: FingerprintFile; sha256: string } | null {
  if (expect.fingerprint === undefined) return null;
  const path = resolve(dirname(strategyFile), expect.fingerprint);
  try {
    const bytes = readFileSync(path);
    const file = fingerprintSchema.parse(JSON.parse(bytes.toString('utf8')));
    return { file, sha256: createHash('sha256').update(bytes).digest('hex') };
  } catch (error) {
    throw inputError(`the fingerprint ${expect.fingerprint} cannot be used`, {
      found: messageOf(error).slice(0, 300),
      expected: 'a file that `muster fingerprint` wrote',
      cause: error,
    });
  }
}

async function sameAsSource(
  restorer: ExistingRestorer,
  fingerprint: string,
  strategyFile: string,
): Promise<CheckOutcome> {
  const { file, sha256 } = fingerprintIn({ expect: { fingerprint } } as ExistingPlan, strategyFile)!;
  const tables = Object.keys(file.data);
  const total = tables.reduce((sum, name) => sum + file.data[name]!.rows, 0);
  const facts = { fingerprint, sha256, takenAt: file.takenAt, tables: tables.length, rows: total };
  if (total === 0)
    return {
      verdict: 'inconclusive',
      detail: 'the fingerprint is of no rows at all: nothing could differ',
      facts,
    };
  const restored = await restorer.fingerprint();
  const differences = fingerprintDifferences(file, restored);
  if (differences.length > 0)
    return fail(`it is not as the source was at ${file.takenAt}: ${some(differences)}`, {
      ...facts,
      differences: differences.slice(0, 100),
    });
  const unread = [...new Set([...file.unread, ...(restored.unread ?? [])])];
  if (unread.length > 0)
    return {
      verdict: 'inconclusive',
      detail: `all that the fingerprint is of is as at the source, and it is not of ${some(unread)}`,
      facts: { ...facts, unread },
    };
  const detail = `${formatCount(total)} rows of ${tables.length} tables and ${Object.keys(file.definitions).length} definitions are as at the source at ${file.takenAt}${file.expiring > 0 ? `; ${formatCount(file.expiring)} keys and fields that expire are not compared` : ''}`;
  return { verdict: 'pass', detail, facts };
}
