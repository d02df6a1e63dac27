import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  globSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { kinds, type readRecord, recordBytes } from '../../core/ledger.ts';
import type { EventData, EventType, TimelineEvent } from '../../core/timeline.ts';
import { dropRecords, forgeManifest, rechain } from '../support/forgery.ts';
import { inconsistent, plain, rechained } from './forgeries.ts';
import { eventsIn } from '../support/recorded.ts';

/** What is done to a bundle, and where it lies after that: where it lay, unless it says otherwise. */
type Treat = ((bundle: string) => string) | ((bundle: string) => void);
export interface Honest {
  what: string;
  treat: Treat;
}

const filesOf = (bundle: string): string[] =>
  globSync('*', { cwd: bundle }).map((name) => join(bundle, name));
const beside = (bundle: string, name: string): string => join(dirname(bundle), name);
const again = (path: string): void => {
  const bytes = readFileSync(path);
  rmSync(path);
  writeFileSync(path, bytes);
};

function editManifest(bundle: string, change: (manifest: { files: unknown[] }) => object): void {
  const path = join(bundle, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as { files: unknown[] };
  writeFileSync(path, JSON.stringify({ ...manifest, ...change(manifest) }));
}

/** Everything that is rightly done to what a drill left: nothing of it may be called an alteration. */
const untouched: Record<string, Treat> = {
  'the timeline can only be read': (bundle) => chmodSync(join(bundle, 'events.jsonl'), 0o444),
  'its files are as old as a restored archive makes them': (bundle) => {
    for (const path of filesOf(bundle)) utimesSync(path, 0, 0);
  },
  'it was packed with tar and gzip, and unpacked elsewhere': (bundle) => {
    const packed = beside(bundle, 'packed.tar.gz');
    execFileSync('tar', ['-C', bundle, '-czf', packed, '.']);
    mkdirSync(beside(bundle, 'unpacked'));
    execFileSync('tar', ['-C', beside(bundle, 'unpacked'), '-xzf', packed]);
    return beside(bundle, 'unpacked');
  },
  'a copy of its timeline lies beside it': (bundle) =>
    copyFileSync(join(bundle, 'events.jsonl'), join(bundle, 'events.jsonl.bak')),
  'its timeline was written once more, byte for byte': (bundle) => again(join(bundle, 'events.jsonl')),
  'it was moved into a folder of another name': (bundle) => {
    renameSync(bundle, beside(bundle, 'Übung vom 1. März (Kopie)'));
    return beside(bundle, 'Übung vom 1. März (Kopie)');
  },
  "somebody's notes lie in it": (bundle) => writeFileSync(join(bundle, 'notes.txt'), 'looked at on Monday\n'),
  'the reports that are rendered from it are gone': (bundle) => {
    for (const name of ['result.json', 'junit.xml']) rmSync(join(bundle, name));
  },
  'a folder lies beside its ledger': (bundle) => mkdirSync(join(bundle, 'attachments')),
  'it is reached by a link': (bundle) => {
    symlinkSync(bundle, beside(bundle, 'newest'));
    return beside(bundle, 'newest');
  },
  'its ledger has a second name': (bundle) =>
    linkSync(join(bundle, 'ledger.bin'), beside(bundle, 'ledger.bin')),
  'its result is gone': (bundle) => rmSync(join(bundle, 'result.json')),
  'its page is gone': (bundle) => rmSync(join(bundle, 'report.html')),
  'its manifest can only be read': (bundle) => chmodSync(join(bundle, 'manifest.json'), 0o444),
  'its manifest was laid out in another way': (bundle) => {
    const path = join(bundle, 'manifest.json');
    writeFileSync(path, JSON.stringify(JSON.parse(readFileSync(path, 'utf8')), null, '\t'));
  },
  'a folder lies beside its manifest': (bundle) => mkdirSync(join(bundle, 'manifest.json.d')),
  'it lies among those of other drills': (bundle) => {
    mkdirSync(beside(bundle, 'drills'));
    for (const name of ['a', 'b']) execFileSync('cp', ['-a', bundle, join(beside(bundle, 'drills'), name)]);
    return join(beside(bundle, 'drills'), 'b');
  },
  'a file whose name only resembles that of an output lies in it': (bundle) =>
    writeFileSync(join(bundle, 'command.txt'), 'what we ran'),
  'a report of another tool lies in it': (bundle) => writeFileSync(join(bundle, 'report.odt'), 'PK'),
  'its manifest names the same files the other way round': (bundle) =>
    editManifest(bundle, ({ files }) => ({ files: files.reverse() })),
  'its manifest says more than we read': (bundle) =>
    editManifest(bundle, () => ({ remark: 'kept for the auditor' })),
  'its ledger was written once more, byte for byte': (bundle) => again(join(bundle, 'ledger.bin')),
  'a copy of its ledger lies beside it': (bundle) =>
    copyFileSync(join(bundle, 'ledger.bin'), join(bundle, 'ledger.bin.bak')),
};

/** Gives the events anew, or alters those that it is given. */
type Alteration =
  | ((events: TimelineEvent[], bundle: string) => readonly TimelineEvent[])
  | ((events: TimelineEvent[], bundle: string) => void);
/** As another drill might have recorded it, and its run vouched for it. */
const recorded =
  (alter: Alteration): Treat =>
  (bundle) => {
    const events = structuredClone(eventsIn(bundle));
    rechain(bundle, alter(events, bundle) ?? events);
    forgeManifest(bundle);
  };
/** One more event at the moment of another. */
const event = <T extends EventType>(near: TimelineEvent, type: T, data: EventData[T]): TimelineEvent =>
  ({ ...near, type, data }) as TimelineEvent;
const note = (near: TimelineEvent, text: string): TimelineEvent => event(near, 'note', { text });
const indexOf = (events: readonly TimelineEvent[], type: EventType): number =>
  events.findLastIndex((event) => event.type === type);
const of = <T extends EventType>(events: readonly TimelineEvent[], type: T): TimelineEvent<T> =>
  events[indexOf(events, type)] as TimelineEvent<T>;
const insert = (events: TimelineEvent[], at: number, ...some: TimelineEvent[]): void =>
  void events.splice(at, 0, ...some);
const later = (events: TimelineEvent[], from: number, byMs: number): void => {
  for (const event of events.slice(from)) Object.assign(event, { atMs: event.atMs + byMs });
};

/** The same ledger in chunks of so many records, the last one of what is left. */
const chunked = (records: number): Treat =>
  recorded((events, bundle) => {
    const ledger = readFileSync(join(bundle, 'ledger.bin'));
    const last = of(events, 'ledger.chunk');
    const others = events.filter(({ type }) => type !== 'ledger.chunk');
    const chunks: TimelineEvent[] = [];
    for (let offset = 0; offset < ledger.length; offset += records * recordBytes) {
      const part = ledger.subarray(offset, offset + records * recordBytes);
      chunks.push(
        event(last, 'ledger.chunk', {
          offset,
          bytes: part.length,
          sha256: createHash('sha256').update(part).digest('hex'),
        }),
      );
    }
    insert(others, others.findLastIndex(({ atMs }) => atMs <= last.atMs) + 1, ...chunks);
    return others;
  });

const otherDrills: Record<string, Treat> = {
  'chain and manifest made anew over the same events': recorded(() => undefined),
  'the ledger in chunks of a thousand records': chunked(1_000),
  'the ledger in two chunks': (bundle) =>
    chunked(Math.ceil(readFileSync(join(bundle, 'ledger.bin')).length / recordBytes / 2))(bundle),
  'the ledger in chunks as large as one may be': chunked(8_192),
  'the ledger in chunks of one record, as small as one may be': chunked(1),
  'a note right before the end': recorded((events) =>
    insert(events, events.length - 1, note(events.at(-2)!, 'nearly done')),
  ),
  'the end in the very millisecond of the event before it': recorded(
    (events) => void Object.assign(events.at(-1)!, { atMs: events.at(-2)!.atMs }),
  ),
  'a note right after the beginning': recorded((events) => insert(events, 1, note(events[0]!, 'just begun'))),
  'two events of the same millisecond, either way round': recorded((events) => {
    insert(events, 21, note(events[20]!, 'b'), note(events[20]!, 'a'));
  }),
  'a time between two others, with as many digits as a clock gives': recorded((events) => {
    const [before, after] = [events[30]!.atMs, events[31]!.atMs];
    insert(events, 31, note({ ...events[30]!, atMs: before + (after - before) / 3 }, 'a third of the way'));
  }),
  'a load that ended only right before it was read back': recorded((events) => {
    const [ended] = events.splice(indexOf(events, 'load.ended'), 1);
    const at = events.findIndex(({ type }) => type === 'readback.ended');
    insert(events, at, { ...ended!, atMs: events[at]!.atMs });
  }),
  'a check that ended and nobody had named': recorded((events) => {
    const at = indexOf(events, 'readback.ended');
    insert(
      events,
      at + 1,
      event(events[at]!, 'check.ended', {
        check: 'more',
        component: null,
        verdict: 'pass',
        detail: '3 of 3',
        facts: {},
      }),
    );
  }),
  'an end long after everything else': recorded((events) => later(events, events.length - 1, 3_600_000)),
  'a point that became durable after the recovery, and was not restored': recorded((events) => {
    const at = indexOf(events, 'recovery.ended');
    const { backup, ...rest } = of(events, 'backup.durable').data;
    const over = events[at]!;
    const durable = event(over, 'backup.durable', {
      ...rest,
      id: 'backup-99',
      backup,
      point: 'later',
      consistentAtMs: over.atMs,
    });
    insert(events, at + 1, event(over, 'backup.begun', { id: 'backup-99', backup, point: 'later' }), durable);
  }),
  'a read-back that took an hour': recorded((events) =>
    later(
      events,
      events.findIndex(({ type }) => type === 'readback.ended'),
      3_600_000,
    ),
  ),
  'a witness that spoke in the very millisecond of the event before it': recorded((events) => {
    const at = indexOf(events, 'fault.witnessed');
    Object.assign(events[at]!, { atMs: events[at - 1]!.atMs });
  }),
};

/** What of the altered ones may rightly differ from drill to drill, where the run itself vouches for it. */
const vouched: Record<string, Treat> = {
  'the objective is just what was measured': recorded((events, bundle) => {
    const { data } = JSON.parse(readFileSync(join(bundle, 'result.json'), 'utf8')) as {
      data: { worstRpaMs: number };
    };
    for (const { objectives } of Object.values(of(events, 'drill.begun').data.strategy.components)) {
      if (objectives.rpo) objectives.rpo = { ms: data.worstRpaMs, text: `${data.worstRpaMs}ms` };
    }
  }),
  'the scenario names no check of its own': recorded(
    (events) => void (of(events, 'drill.begun').data.scenario.check = []),
  ),
  'an operation that took nothing away is not in the ledger': (bundle) => {
    const isRead = ({ kind }: ReturnType<typeof readRecord>): boolean => kind === kinds.read;
    dropRecords(bundle, isRead, true);
    forgeManifest(bundle);
  },
  'a step tells more figures': recorded(
    (events) => void Object.assign(of(events, 'step.ended').data, { facts: { rows: 1, store: 'b' } }),
  ),
  'it was broken some thousandths of a millisecond later': recorded(
    (events) => void (of(events, 'fault.begun').atMs += 0.001),
  ),
};

const pairs = (
  forged: readonly (readonly [what: string, ...rest: unknown[]])[],
  honest: Record<string, Treat>,
): [string, Honest][] => {
  const treats = Object.entries(honest);
  if (treats.length !== forged.length)
    throw new Error(`${forged.length} forgeries, and ${treats.length} beside them`);
  return forged.map(([what], i) => [what, { what: treats[i]![0], treat: treats[i]![1] }]);
};

/**
 * Beside each forgery, by its name, what is rightly done at the same place: the bundle is whole, and passes.
 */
export const besideForgery = new Map<string, Honest>([
  ...pairs(plain, untouched),
  ...pairs(inconsistent, otherDrills),
  ...pairs(rechained, vouched),
]);
