import { appendFileSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { MusterError } from '../../core/errors.ts';
import type { EventType, TimelineEvent } from '../../core/timeline.ts';
import { judgeBundle, writeReportsAgain } from '../../engine/bundle.ts';
import { copyOf, dropRecords, eventsIn, forgeManifest, lostIds, rechain, withoutManifest, writeLines } from '../support/forgery.ts';
import { drillInMemory } from '../support/memory-drill.ts';

/** One good drill, with the process for itself, and two that fail: what a forger would like to pass. */
const good = drillInMemory();
const holes = good.then(() => drillInMemory({ config: '{ bad: { omit: { every: 10, of: groups } } }' }));
const beyond = good.then(() => drillInMemory({ rpo: '30s', every: '1m' }));
const concurrent = { concurrent: true, timeout: 90_000 };

type Alter = (bundle: string) => void;
type Case = [what: string, alter: Alter, says: RegExp];

const lines = (bundle: string): string[] => readFileSync(join(bundle, 'events.jsonl'), 'utf8').trimEnd().split('\n');
const anew = (change: (events: TimelineEvent[]) => readonly TimelineEvent[]): Alter => (bundle) => rechain(bundle, change(structuredClone(eventsIn(bundle))));
const without = (...types: EventType[]): Alter => anew((events) => events.filter(({ type }) => !types.includes(type)));
const change = (type: EventType, alter: (data: never) => void): Alter => anew((events) => {
  const found = events.filter((event) => event.type === type);
  if (found.length === 0) throw new Error(`no ${type} to alter`);
  found.forEach(({ data }) => alter(data as never));
  return events;
});
const twice = (events: TimelineEvent[], type: EventType): TimelineEvent[] => events.flatMap((event): TimelineEvent[] => (event.type === type ? [event, event] : [event]));
const inOrder = (...acts: Alter[]): Alter => (bundle) => acts.forEach((act) => act(bundle));
const editJson = (name: string, change: Record<string, unknown>): Alter => (bundle) => {
  writeFileSync(join(bundle, name), JSON.stringify({ ...(JSON.parse(readFileSync(join(bundle, name), 'utf8')) as object), ...change }));
};

/** Nothing of the format is known to who does this. */
const plain: Case[] = [
  ['an event was edited', (bundle) => writeLines(bundle, lines(bundle).map((line) => line.replace('"ok":true', '"ok":false'))), /content does not match its hash/],
  ['an event was taken out', (bundle) => writeLines(bundle, lines(bundle).filter((line) => !line.includes('"fault.begun"'))), /sequence number/],
  ['two events have changed places', (bundle) => writeLines(bundle, lines(bundle).map((line, i, all) => (i === 20 ? all[21]! : i === 21 ? all[20]! : line))), /sequence number/],
  ['an event is there twice', (bundle) => writeLines(bundle, lines(bundle).flatMap((line, i) => (i === 20 ? [line, line] : [line]))), /sequence number/],
  ['the last event is cut off', (bundle) => truncateSync(join(bundle, 'events.jsonl'), readFileSync(join(bundle, 'events.jsonl')).length - 20), /cut off/],
  ['the end is missing', (bundle) => writeLines(bundle, lines(bundle).slice(0, -1)), /events\.jsonl is not what manifest\.json says/],
  ['a line that is no event', (bundle) => appendFileSync(join(bundle, 'events.jsonl'), 'null\n'), /not an event/],
  ['the ledger is gone', (bundle) => rmSync(join(bundle, 'ledger.bin')), /ledger\.bin is missing/],
  ['the ledger is a folder', (bundle) => { rmSync(join(bundle, 'ledger.bin')); mkdirSync(join(bundle, 'ledger.bin')); }, /ledger\.bin is missing|no plain file/],
  ['the ledger is a link to itself under another name', (bundle) => { renameSync(join(bundle, 'ledger.bin'), join(bundle, 'other.bin')); symlinkSync('other.bin', join(bundle, 'ledger.bin')); }, /ledger\.bin is missing|no plain file/],
  ['records were added to the ledger', (bundle) => appendFileSync(join(bundle, 'ledger.bin'), Buffer.alloc(64, 1)), /64 bytes at the end are on no timeline/],
  ['the result was edited', editJson('result.json', { verdict: 'pass' }), /result\.json is not what manifest\.json says/],
  ['the page was edited', (bundle) => appendFileSync(join(bundle, 'report.html'), '<p>PASS</p>'), /report\.html is not what manifest\.json says/],
  ['the manifest is gone', withoutManifest, /manifest\.json is missing/],
  ['the manifest is empty', (bundle) => writeFileSync(join(bundle, 'manifest.json'), ''), /is not a bundle's manifest/],
  ['the manifest is a folder', (bundle) => { withoutManifest(bundle); mkdirSync(join(bundle, 'manifest.json')); }, /is not a bundle's manifest/],
  ['the manifest is that of another drill', editJson('manifest.json', { drill: 'another' }), /is that of drill another/],
  ['a file was put beside what commands said', (bundle) => writeFileSync(join(bundle, 'command-1.stdout.txt'), 'all went well'), /says nothing of command-1\.stdout\.txt/],
];

/** The chain made anew: the manifest stays and contradicts, or is gone and is missed. */
const rechained: [what: string, alter: Alter][] = [
  ['the objective was made wider', change('drill.begun', (data: { strategy: { components: Record<string, { objectives: { rpo?: { ms: number } } }> } }) => { for (const one of Object.values(data.strategy.components)) one.objectives.rpo = { ms: 86_400_000 }; })],
  ['the scenario was swapped for one that checks nothing', change('drill.begun', (data: { scenario: { check: string[] } }) => void (data.scenario.check = []))],
  ['what was lost is out of the ledger', (bundle) => { const lost = lostIds(bundle); dropRecords(bundle, ({ id }) => lost.has(id), true); }],
  ['the figures of a step are others', change('step.ended', (data: { facts: unknown }) => void (data.facts = { rows: 1 }))],
  ['it was broken later than it was', anew((events) => events.map((event) => (event.type === 'fault.begun' ? { ...event, atMs: event.atMs + 1 } : event)))],
];

/** The manifest is made to fit as well: what only the drill's own consistency can tell. */
const inconsistent: Case[] = [
  ['records are out of the ledger, and the counts stay', (bundle) => dropRecords(bundle, ({ id }) => id % 10 === 3, false), /operations are in the ledger, the timeline says|values read back are in the ledger/],
  ['a chunk is there twice', anew((events) => twice(events, 'ledger.chunk')), /chunk at byte 0, expected \d+/],
  ['a chunk is out', anew((events) => events.filter((event, i) => i !== events.findIndex(({ type }) => type === 'ledger.chunk'))), /chunk at byte \d+, expected 0/],
  ['no chunk is there', without('ledger.chunk'), /bytes at the end are on no timeline/],
  ['a chunk has a size that cannot be', change('ledger.chunk', (data: { bytes: number }) => void (data.bytes = -32)), /size that no chunk has/],
  ['the end is out', without('drill.ended'), /breaks off/],
  ['the end stands in the middle', anew((events) => { const end = events.pop()!; events.splice(40, 0, { ...end, atMs: events[40]!.atMs }); return events; }), /events follow the drill's end/],
  ['it begins twice', anew((events) => [events[0]!, { ...events[0]! }, ...events.slice(1)]), /begins again/],
  ['events have changed places', anew((events) => { events.splice(events.length >> 1, 0, ...events.splice(-8, 5)); return events; }), /was earlier than the one before it/],
  ['a time is none', anew((events) => events.map((event, i) => (i === 30 ? { ...event, atMs: null as never } : event))), /not an event/],
  ['a load never ended', without('load.ended'), /began and never ended/],
  ['a load ended twice', anew((events) => twice(events, 'load.ended')), /ended twice/],
  ['what came after the fault is out', anew((events) => [...events.slice(0, events.findIndex(({ type }) => type === 'fault.begun')), events.at(-1)!]), /phase \w+ never did|ledger/],
  ['a restored point was never durable', without('backup.durable'), /did not see it become durable|None was durable/],
  ['what was read back is out', without('readback.ended'), /./],
  ['no witness is there', without('fault.witnessed'), /witness/],
];

function neverPasses(bundle: string, says: RegExp): void {
  let judged: ReturnType<typeof judgeBundle>;
  try {
    judged = judgeBundle(bundle, registries);
  } catch (error) {
    expect(error).toBeInstanceOf(MusterError);
    expect((error as MusterError).trouble).toBe('input');
    return;
  }
  const { result, damage } = judged;
  expect(result.verdict).not.toBe('pass');
  expect([1, 2]).toContain(result.exitCode);
  expect([damage ?? '', ...result.findings.map(({ id, detail }) => `${id}: ${detail}`)].join('\n')).toMatch(says);
}

describe('a good bundle', concurrent, () => {
  it('stays what it was: the same result, no damage, and nothing of it is written anew', async () => {
    const { folder, result } = await good;
    expect(result.findings.filter(({ verdict }) => verdict !== 'pass').map(({ id, detail }) => `${id}: ${detail}`)).toEqual([]);
    const bundle = copyOf(folder);
    const before = new Map(globSync('*', { cwd: bundle }).map((name) => [name, readFileSync(join(bundle, name), 'base64')]));
    const judged = judgeBundle(bundle, registries);
    expect(judged).toEqual({ result, damage: null, altered: false });
    writeReportsAgain(bundle, judged.result, registries);
    expect(new Map(globSync('*', { cwd: bundle }).map((name) => [name, readFileSync(join(bundle, name), 'base64')]))).toEqual(before);
  });
  it('gets a report back that was deleted, byte for byte, and none that its manifest does not vouch for', async () => {
    const bundle = copyOf((await good).folder);
    const page = readFileSync(join(bundle, 'report.html'));
    rmSync(join(bundle, 'report.html'));
    const { result, damage } = judgeBundle(bundle, registries);
    expect([damage, result.verdict]).toEqual([null, 'pass']);
    writeReportsAgain(bundle, { ...result, title: 'Another title' }, registries);
    expect(globSync('report.html', { cwd: bundle })).toEqual([]);
    writeReportsAgain(bundle, result, registries);
    expect(readFileSync(join(bundle, 'report.html'))).toEqual(page);
    expect(judgeBundle(bundle, registries).damage).toBeNull();
  });
  it.each([['holes', holes], ['a loss beyond the objective', beyond]])('of a drill that failed (%s) is whole, and fails again', async (_what, drill) => {
    const { folder, result } = await drill;
    expect(result.exitCode).toBe(1);
    expect(judgeBundle(folder, registries)).toEqual({ result, damage: null, altered: false });
  });
});

describe('a bundle that was altered never passes', concurrent, () => {
  it.each(plain)('%s', async (_what, alter, says) => {
    const bundle = copyOf((await good).folder);
    alter(bundle);
    neverPasses(bundle, says);
  });
  describe.each([['holes', holes], ['a loss beyond the objective', beyond], ['nothing wrong', good]])('its chain made anew, over a drill with %s', (_what, drill) => {
    it.each(rechained)('%s: its manifest contradicts', async (_what, alter) => {
      const bundle = copyOf((await drill).folder);
      alter(bundle);
      neverPasses(bundle, /is not what manifest\.json says/);
    });
    it.each(rechained)('%s: its manifest is gone', async (_what, alter) => {
      const bundle = copyOf((await drill).folder);
      inOrder(alter, withoutManifest)(bundle);
      neverPasses(bundle, /manifest\.json is missing/);
    });
  });
  it.each(inconsistent)('%s: it contradicts itself, whatever its manifest says', async (_what, alter, says) => {
    const bundle = copyOf((await good).folder);
    inOrder(alter, forgeManifest)(bundle);
    neverPasses(bundle, says);
  });
});

describe('a bundle that nobody can judge is refused, as input', () => {
  it.each([
    ['a drill whose name leads elsewhere', change('drill.begun', (data: { drill: string }) => void (data.drill = '../../elsewhere')), /names a drill that cannot be/],
    ['a drill without a scenario', change('drill.begun', (data: { scenario: unknown }) => void (data.scenario = null)), /cannot be judged/],
    ['a timeline that is a folder', (bundle: string) => { rmSync(join(bundle, 'events.jsonl')); mkdirSync(join(bundle, 'events.jsonl')); }, /is not a drill's bundle/],
    ['no timeline', (bundle: string) => rmSync(join(bundle, 'events.jsonl')), /is not a drill's bundle/],
  ])('%s', async (what, alter, says) => {
    const bundle = copyOf((await good).folder);
    alter(bundle);
    if (!what.startsWith('a timeline')) forgeManifest(bundle);
    expect(() => judgeBundle(bundle, registries)).toThrow(expect.objectContaining({ name: 'MusterError', trouble: 'input', message: expect.stringMatching(says) as string }) as Error);
  });
});
