import { spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackupContext, Consistency } from '../../core/backup.ts';
import type { DrillResult } from '../../core/result.ts';
import type { Store } from '../../core/store.ts';
import { eventsOf, type EventData, type EventType, type TimelineEvent } from '../../core/timeline.ts';
import { databaseOf } from '../../drivers/memory/attach.ts';
import { configSchema } from '../../drivers/memory/config.ts';
import { contentOf, entriesOf } from '../../drivers/memory/copy.ts';
import { openDrill } from '../../engine/open-drill.ts';
import { openStores } from '../../engine/open-stores.ts';
import { ownBackupMethod } from '../../engine/own-backup/method.ts';
import type { Own } from '../../engine/own-backup/place.ts';
import { planRestoreTest } from '../../engine/plan-restore-test.ts';
import { planDrill } from '../../engine/plan.ts';
import { createReceiver, recordingContext, type Receiver } from '../suites/artifact.ts';
import {
  carryOutInMemory,
  dependenciesFor,
  drillFile,
  memoryFiles,
  noStacks,
  type MemoryDrill,
} from './memory-drill.ts';
import { eventsIn } from './recorded.ts';

/**
 * The database in memory as a program of its own sees it: `db rows` writes a copy to its output, `db load`
 * reads one in the place of everything, `db add` puts in what is not there; `db dump` writes one as the
 * driver reads what exists already.
 */
async function serveDatabase(component: string): Promise<Server> {
  const config = configSchema.parse({});
  const carryOut = async (what: string, lines: string[]): Promise<string> => {
    const database = databaseOf(component);
    if (database?.status !== 'running') throw new Error('connection refused');
    if (what === 'dump')
      return [
        `-- memory dump of ${component}`,
        ...[...database.tables].flatMap(([table, { rows }]) =>
          [...rows].map(([id, { value }]) => `${table} ${id} ${value}`),
        ),
        '-- end\n',
      ].join('\n');
    if (what === 'rows') return contentOf(database, config).join('');
    const entries = await entriesOf(lines);
    if (what === 'load') database.tables = new Map();
    for (const { table, rows } of entries) {
      const there = database.tables.get(table)?.rows;
      database.apply(table, what === 'add' ? rows.filter(([id]) => !there?.has(id)) : rows);
    }
    return '';
  };
  const server = createServer((socket) => {
    const lines: string[] = [];
    createInterface({ input: socket }).on('line', (line) => {
      if (line !== endOfInput) return void lines.push(line);
      carryOut(lines[0]!, lines.slice(1)).then(
        (text) => socket.end(`ok\n${text}`),
        (error: unknown) => socket.end(`no\n${String(error)}\n`),
      );
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const endOfInput = '-- end of input';
const client = (port: number): string => `#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/${port} || exit 1
{ echo "$1"; case "$1" in rows | dump) ;; *) cat ;; esac; echo '${endOfInput}'; } >&3
read -r status <&3
[ "$status" = ok ] && exec cat <&3
cat <&3 >&2; exit 1
`;

export interface Scripts {
  backup: string;
  restore: string;
  /** What shows a backup that the script keeps; it makes `produces` such. */
  show?: string;
  produces?: string;
  /** Who makes them, in the place of a backup command, as it stands in the file. */
  follow?: string;
  /** Runs beside the drill, in the folder of its files, until that is over. */
  sidecar?: string;
  /** More of the backup command, as it stands in the file. */
  more?: string;
}

/** What a shop would write: `db` is the client program of its database, as pg_dump and psql are. */
export const goodScripts: Scripts = {
  backup: 'set -e; cd "$MUSTER_OUT"; "$tools"/db rows > rows.dump; gzip rows.dump',
  restore: 'set -e; gunzip -c "$MUSTER_FILE" > rows; "$tools"/db load < rows',
  produces: "{ files: '*.gz' }",
};

/** Before a restore: a database that crashed is started again, which takes a moment. */
export const onceUp = 'until "$tools"/db rows > now; do sleep 0.1; done; ';

export interface OwnDrill {
  component: string;
  result: DrillResult;
  folder: string;
  home: string;
  events: readonly TimelineEvent[];
}

let number = 0;
const optionsOf = ({ show, produces, follow, more = '' }: Scripts): string => {
  const left = show === undefined ? produces! : '{ kept: { command: [./show.sh], in: host } }';
  const made =
    follow === undefined ? `backup: { command: [./backup.sh], in: host${more} }` : `follow: ${follow}`;
  return `{ ${made}, restore: { command: [./restore.sh], in: host }, produces: ${left} }`;
};

/** Files of a drill whose component has scripts of its own, and the component. */
export function ownFiles(
  scripts: Partial<Scripts> = {},
  drill: MemoryDrill = {},
  component = `own-${process.pid}-${++number}`,
): OwnFiles {
  const written = { ...goodScripts, ...scripts };
  const whole: MemoryDrill = {
    hostCommands: true,
    ...drill,
    backup: { method: 'command', encrypt: 'none', options: optionsOf(written), ...drill.backup },
    scenario: { points: '1', fault: '{ flush-all: store, at: worst }', ...drill.scenario },
  };
  const files = memoryFiles(whole, component);
  const { backup, restore, show } = written;
  for (const [name, text] of Object.entries({ backup, restore, ...(show ? { show } : {}) }))
    putScript(files.folder, `${name}.sh`, `#!/bin/sh\ntools="$(dirname "$0")"\n${text}\n`);
  return { drill: whole, component, files };
}
interface OwnFiles {
  drill: MemoryDrill;
  component: string;
  files: { folder: string; file: string };
}

export function putScript(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), 0o755);
}

/** A drill in memory, on the system's clock, with scripts on this machine. */
export async function drillOwn(
  scripts: Partial<Scripts> = {},
  change: MemoryDrill = {},
  of?: string,
): Promise<OwnDrill> {
  const { drill, component, files } = ownFiles(scripts, change, of);
  const server = await serveDatabase(component);
  putScript(files.folder, 'db', client((server.address() as AddressInfo).port));
  const { sidecar } = scripts;
  const beside = sidecar ? spawn('sh', ['-c', sidecar], { cwd: files.folder, stdio: 'ignore' }) : null;
  try {
    const { folder, result } = await drillFile(files, drill);
    const events = eventsIn(folder);
    return { result, folder, home: files.folder, events, component };
  } finally {
    beside?.kill();
    server.close();
  }
}

/**
 * A restore test of the newest recovery point that a drill left in store b of its own, by the scripts that
 * lie in its folder now. `registries`: what the sandbox is opened by.
 */
export async function testOwnRestore(
  { home, component }: OwnDrill,
  { registries }: Required<Pick<MemoryDrill, 'registries'>>,
  check: string[],
): Promise<{ result: DrillResult; events: readonly TimelineEvent[] }> {
  const server = await serveDatabase(component);
  putScript(home, 'db', client((server.address() as AddressInfo).port));
  const asked = { strategyFile: join(home, 'strategy.yaml'), restore: component, from: ['b'], check };
  try {
    const { folder, result } = await carryOutInMemory(home, { registries, hostCommands: true }, () =>
      planRestoreTest(asked, registries, noStacks, { hostCommands: true }),
    );
    return { result, events: eventsIn(folder) };
  } finally {
    server.close();
  }
}

export const dataIn = <T extends EventType>({ events }: Pick<OwnDrill, 'events'>, type: T): EventData[T][] =>
  eventsOf(events, type).map(({ data }) => data as EventData[T]);

/** The scripts of a drill that only begins: what they leave goes into a folder, or `theirs` as store b. */
export async function runOwn(
  scripts: Partial<Scripts>,
  work: (own: OwnRun) => Promise<void>,
  theirs?: Store,
): Promise<void> {
  const { drill: asked, component, files } = ownFiles(scripts);
  const dependencies = dependenciesFor(files.folder, asked);
  const plan = await planDrill(files.file, dependencies.registries, noStacks, { hostCommands: true });
  const options = { seed: 7, keepStack: false, signal: new AbortController().signal };
  const drill = openDrill(plan, dependencies, { ...options, after: undefined });
  await openStores(drill);
  const receiver = await createReceiver();
  const method = ownBackupMethod(drill, plan.components.get(component)!);
  const { options: parsed } = plan.backups[0]!;
  const context = {
    of: 'backup-1',
    options: parsed,
    signal: options.signal,
    now: () => drill.timeline.now(),
  };
  drill.timeline.emit('note', { text: 'begun' });
  const opened = drill.stores.get('b')!;
  if (theirs) drill.stores.set('b', { ...opened, store: theirs });
  const looks = countLooks(drill.stores.get('b')!.store);
  try {
    await work({
      home: files.folder,
      own: { drill, component: plan.components.get(component)!, earlier: [], seen: new Map() },
      context,
      events: drill.timeline.events,
      folder: drill.folder,
      receiver,
      write: () => void drill.acknowledged.set('rows', (drill.acknowledged.get('rows') ?? 0) + 1),
      break: (target = component) =>
        void drill.timeline.emit('fault.begun', {
          id: `fault-${target}`,
          fault: 'crash',
          target,
          params: null,
        }),
      backUp: (more = {}) => method.backup!(receiver, { ...context, ...more }),
      next: async (withinMs, more = {}) => {
        await method.awaitNext!({ ...context, withinMs });
        return method.backup!(receiver, { ...context, ...more });
      },
      now: () => drill.timeline.now(),
      failLooks: () => void (looks.fail = true),
      looked: async (times) => {
        const until = looks.count + times;
        while (looks.count < until) await sleep(20);
      },
      restore: (from) => method.restore!(receiver.artifact('command', from), recordingContext([], parsed)),
    });
  } finally {
    await drill.repository?.close();
    drill.timeline.close();
    drill.ledger.close();
    await receiver.remove();
  }
}
function countLooks(store: Store): { count: number; fail: boolean } {
  const looks = { count: 0, fail: false };
  const list = store.list.bind(store);
  store.list = async (prefix) => {
    if (looks.fail) throw new Error('no answer');
    const found = await list(prefix);
    looks.count += 1;
    return found;
  };
  return looks;
}

export interface OwnRun {
  home: string;
  /** What a part of the method is given that is run by itself. */
  own: Own;
  context: BackupContext;
  folder: string;
  events: readonly TimelineEvent[];
  receiver: Receiver;
  /** Has a write of the load acknowledged. */
  write(): void;
  /** Has a fault of the component, or of another one, begin. */
  break(target?: string): void;
  backUp(more?: Partial<BackupContext>): Promise<Consistency>;
  /** The next one that somebody else makes. */
  next(withinMs: number, more?: Partial<BackupContext>): Promise<Consistency>;
  now(): number;
  /** From here on store b does not answer. */
  failLooks(): void;
  /** Resolves when store b was looked at so many times more. */
  looked(times: number): Promise<void>;
  restore(from: Consistency): Promise<unknown>;
}
