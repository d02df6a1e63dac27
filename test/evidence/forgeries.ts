import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { EventType, TimelineEvent } from '../../core/timeline.ts';
import {
  attach,
  dropRecords,
  editFiles,
  editJson,
  lostIds,
  rechain,
  withoutManifest,
  writeLines,
} from '../support/forgery.ts';
import { eventsIn } from '../support/recorded.ts';

/** Changes the files of a bundle, as a forger would. */
export type Alter = (bundle: string) => void;
/** `says`: what the judgement must say of it. */
export type Forgery = [what: string, alter: Alter, says: RegExp];

const lines = (bundle: string): string[] =>
  readFileSync(join(bundle, 'events.jsonl'), 'utf8').trimEnd().split('\n');
const anew =
  (change: (events: TimelineEvent[]) => readonly TimelineEvent[]): Alter =>
  (bundle) =>
    rechain(bundle, change(structuredClone(eventsIn(bundle))));
const without = (...types: EventType[]): Alter =>
  anew((events) => events.filter(({ type }) => !types.includes(type)));
/** Alters the data of every event of a type, and makes the chain anew. */
export const change = (type: EventType, alter: (data: never) => void): Alter =>
  anew((events) => {
    const found = events.filter((event) => event.type === type);
    if (found.length === 0) throw new Error(`no ${type} to alter`);
    for (const { data } of found) alter(data as never);
    return events;
  });
const twice = (events: TimelineEvent[], type: EventType): TimelineEvent[] =>
  events.flatMap((event): TimelineEvent[] => (event.type === type ? [event, event] : [event]));
export const inOrder =
  (...acts: Alter[]): Alter =>
  (bundle) => {
    for (const act of acts) act(bundle);
  };
/** Nothing of the format is known to who does this. */
export const plain: Forgery[] = [
  [
    'an event was edited',
    (bundle) =>
      writeLines(
        bundle,
        lines(bundle).map((line) => line.replace('"ok":true', '"ok":false')),
      ),
    /content does not match its hash/,
  ],
  [
    'an event was taken out',
    (bundle) =>
      writeLines(
        bundle,
        lines(bundle).filter((line) => !line.includes('"fault.begun"')),
      ),
    /sequence number/,
  ],
  [
    'two events have changed places',
    (bundle) =>
      writeLines(
        bundle,
        lines(bundle).map((line, i, all) => (i === 20 ? all[21]! : i === 21 ? all[20]! : line)),
      ),
    /sequence number/,
  ],
  [
    'an event is there twice',
    (bundle) =>
      writeLines(
        bundle,
        lines(bundle).flatMap((line, i) => (i === 20 ? [line, line] : [line])),
      ),
    /sequence number/,
  ],
  [
    'the last event is cut off',
    (bundle) =>
      truncateSync(join(bundle, 'events.jsonl'), readFileSync(join(bundle, 'events.jsonl')).length - 20),
    /cut off/,
  ],
  [
    'the end is missing',
    (bundle) => writeLines(bundle, lines(bundle).slice(0, -1)),
    /events\.jsonl is not what manifest\.json says/,
  ],
  [
    'a line that is no event',
    (bundle) => appendFileSync(join(bundle, 'events.jsonl'), 'null\n'),
    /not an event/,
  ],
  ['the ledger is gone', (bundle) => rmSync(join(bundle, 'ledger.bin')), /ledger\.bin is missing/],
  [
    'the ledger is a folder',
    (bundle) => {
      rmSync(join(bundle, 'ledger.bin'));
      mkdirSync(join(bundle, 'ledger.bin'));
    },
    /ledger\.bin is missing|no plain file/,
  ],
  [
    'the ledger is a link to itself under another name',
    (bundle) => {
      renameSync(join(bundle, 'ledger.bin'), join(bundle, 'other.bin'));
      symlinkSync('other.bin', join(bundle, 'ledger.bin'));
    },
    /ledger\.bin is missing|no plain file/,
  ],
  [
    'records were added to the ledger',
    (bundle) => appendFileSync(join(bundle, 'ledger.bin'), Buffer.alloc(64, 1)),
    /64 bytes at the end are on no timeline/,
  ],
  [
    'the result was edited',
    editJson('result.json', { verdict: 'pass' }),
    /result\.json is not what manifest\.json says/,
  ],
  [
    'the page was edited',
    (bundle) => appendFileSync(join(bundle, 'report.html'), '<p>PASS</p>'),
    /report\.html is not what manifest\.json says/,
  ],
  ['the manifest is gone', withoutManifest, /manifest\.json is missing/],
  [
    'the manifest is empty',
    (bundle) => writeFileSync(join(bundle, 'manifest.json'), ''),
    /is not a bundle's manifest/,
  ],
  [
    'the manifest is a folder',
    (bundle) => {
      withoutManifest(bundle);
      mkdirSync(join(bundle, 'manifest.json'));
    },
    /is not a bundle's manifest/,
  ],
  [
    'the manifest is that of another drill',
    editJson('manifest.json', { drill: 'another' }),
    /is that of drill another/,
  ],
  [
    'a file was put beside what commands said',
    (bundle) => attach(bundle, 'command-1.stdout.txt', 'all went well'),
    /says nothing of attachments\/command-1\.stdout\.txt/,
  ],
  [
    'a report was edited, and the manifest leaves it out',
    inOrder(
      (bundle) => appendFileSync(join(bundle, 'report.html'), '<p>PASS</p>'),
      editFiles((files) => files.filter(({ path }) => path !== 'report.html')),
    ),
    /manifest\.json says nothing of report\.html/,
  ],
  [
    'the manifest has a file twice, once as it was and once as it is',
    inOrder(
      (bundle) => appendFileSync(join(bundle, 'summary.md'), 'PASS'),
      (bundle) => {
        const bytes = readFileSync(join(bundle, 'summary.md'));
        editFiles((files) => [
          ...files,
          {
            path: 'summary.md',
            bytes: bytes.length,
            sha256: createHash('sha256').update(bytes).digest('hex'),
          },
        ])(bundle);
      },
    ),
    /manifest\.json names summary\.md twice/,
  ],
  [
    'the manifest has another size of a file',
    editFiles((files) => files.map((file) => ({ ...file, bytes: file.bytes + 1 }))),
    /\d+ bytes, expected \d+/,
  ],
  [
    'the ledger was made as long as a terabyte',
    (bundle) => truncateSync(join(bundle, 'ledger.bin'), 2 ** 40),
    /bytes at the end are on no timeline/,
  ],
  [
    'the timeline goes on for a hundred megabytes without a line feed',
    (bundle) => truncateSync(join(bundle, 'events.jsonl'), 100 * 2 ** 20),
    /./,
  ],
];

/** The chain made anew: the manifest stays and contradicts, or is gone and is missed. */
export const rechained: [what: string, alter: Alter][] = [
  [
    'the objective was made wider',
    change(
      'drill.begun',
      (data: { strategy: { components: Record<string, { objectives: { rpo?: { ms: number } } }> } }) => {
        for (const one of Object.values(data.strategy.components)) one.objectives.rpo = { ms: 86_400_000 };
      },
    ),
  ],
  [
    'the scenario was swapped for one that checks nothing',
    change('drill.begun', (data: { scenario: { check: string[] } }) => void (data.scenario.check = [])),
  ],
  [
    'what was lost is out of the ledger',
    (bundle) => {
      const lost = lostIds(bundle);
      dropRecords(bundle, ({ id }) => lost.has(id), true);
    },
  ],
  [
    'the figures of a step are others',
    change('step.ended', (data: { facts: unknown }) => void (data.facts = { rows: 1 })),
  ],
  [
    'it was broken later than it was',
    anew((events) =>
      events.map((event) => (event.type === 'fault.begun' ? { ...event, atMs: event.atMs + 1 } : event)),
    ),
  ],
];

/** The manifest is made to fit as well: what only the drill's own consistency can tell. */
export const inconsistent: Forgery[] = [
  [
    'records are out of the ledger, and the counts stay',
    (bundle) => dropRecords(bundle, ({ id }) => id % 10 === 3, false),
    /operations are in the ledger, the timeline says|values read back are in the ledger/,
  ],
  [
    'a chunk is there twice',
    anew((events) => twice(events, 'ledger.chunk')),
    /chunk at byte 0, expected \d+/,
  ],
  [
    'a chunk is out',
    anew((events) => events.filter((_, i) => i !== events.findIndex(({ type }) => type === 'ledger.chunk'))),
    /chunk at byte \d+, expected 0/,
  ],
  ['no chunk is there', without('ledger.chunk'), /bytes at the end are on no timeline/],
  [
    'a chunk has a size that cannot be',
    change('ledger.chunk', (data: { bytes: number }) => void (data.bytes = -32)),
    /size that no chunk has/,
  ],
  ['the end is out', without('drill.ended'), /breaks off/],
  [
    'the end stands in the middle',
    anew((events) => {
      const end = events.pop()!;
      events.splice(40, 0, { ...end, atMs: events[40]!.atMs });
      return events;
    }),
    /events follow the drill's end/,
  ],
  ['it begins twice', anew((events) => [events[0]!, { ...events[0]! }, ...events.slice(1)]), /begins again/],
  [
    'events have changed places',
    anew((events) => {
      events.splice(events.length >> 1, 0, ...events.splice(-8, 5));
      return events;
    }),
    /was earlier than the one before it/,
  ],
  [
    'a time is none',
    anew((events) => events.map((event, i) => (i === 30 ? { ...event, atMs: null as never } : event))),
    /not an event/,
  ],
  ['a load never ended', without('load.ended'), /began and never ended/],
  ['a load ended twice', anew((events) => twice(events, 'load.ended')), /ended twice/],
  [
    'what came after the fault is out',
    anew((events) => [
      ...events.slice(
        0,
        events.findIndex(({ type }) => type === 'fault.begun'),
      ),
      events.at(-1)!,
    ]),
    /phase \w+ never did|ledger/,
  ],
  [
    'a restored point was never durable',
    without('backup.durable'),
    /did not see it become durable|None was durable/,
  ],
  ['what was read back is out', without('readback.ended'), /./],
  ['no witness is there', without('fault.witnessed'), /witness/],
];
