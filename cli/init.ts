import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { inputError, messageOf, MusterError } from '../core/errors.ts';
import { parseDurationMs } from '../core/units.ts';
import { planDrill } from '../engine/plan.ts';
import { composeFilesOf } from '../stack/compose-files.ts';
import { configAhead, standIn } from '../stack/plan-containment.ts';
import { contain, noRules } from '../stack/containment.ts';
import { projectEnvironment } from '../stack/project-environment.ts';
import { createStackProvider } from '../stack/provider.ts';
import type { ComposeConfig } from '../stack/compose.ts';
import { neededOf } from '../stack/needed.ts';
import { recognised, type Recognised } from './init-recognise.ts';
import { asPath, schemasFor, write } from './init-files.ts';
import { withAccounts } from './init-accounts.ts';
import { withoutOld } from './init-too-old.ts';
import { withWriters } from './init-writers.ts';
import { told } from './init-told.ts';
import { noOwnBackups, ownBackupsOf, type OwnBackups } from './init-own.ts';
import {
  crashesOf,
  lossesOf,
  strategyText,
  type Candidate,
  type Objectives,
  type Wanted,
} from './init-write.ts';
import { plainName } from './init-names.ts';
import { short } from './output.ts';
import { registries } from './registries.ts';

export interface InitFlags {
  file?: string[];
  out?: string;
  rto?: string;
  rpo?: string;
  every?: string;
  yes?: boolean;
  force?: boolean;
  backupFiles?: string;
  builtIn?: boolean;
  example?: boolean;
}

/** `muster init`: looks at the project in a folder, and writes a strategy and two scenarios for it. */
export async function init(folder: string | undefined, flags: InitFlags): Promise<number> {
  const at = resolve(folder ?? '.');
  if (flags.example) return (await import('./init-example.ts')).initExample(at, flags);
  const [file, ...overrides] = composeFilesOf(at, flags.file);
  const out = resolve(at, flags.out ?? 'muster');
  const objectives = await objectivesOf(flags);
  const { values, wanting } = await projectEnvironment(file, overrides);
  const profiles = (process.env['COMPOSE_PROFILES'] ?? values['COMPOSE_PROFILES'] ?? '')
    .split(',')
    .filter((one) => one !== '');
  const config = await readProject(file, overrides, profiles);
  const names = { ...values, ...Object.fromEntries(wanting.map((name) => [name, standIn(name)])) };
  const recognisable = withAccounts(config, withoutHost(config, file, serversIn(config)), names);
  const own = await ownOf(at, config, recognisable, flags);
  const found = withFollowed(withWriters(config, recognisable, own.follows), own);
  if (!found.some(({ driver, leftOut }) => driver !== null && leftOut === null))
    throw inputError(`nothing in ${short(file)} is of a kind that a drill knows`, {
      found: found
        .map(({ service, notCovered, leftOut }) => `${service}: ${notCovered ?? leftOut}`)
        .join('; '),
      expected: `a service for one of the drivers ${Object.keys(registries.drivers).join(', ')}`,
    });
  const wanted = {
    name: plainName(
      /^name:[ \t]*["']?([\w-]+)/m.exec(readFileSync(file, 'utf8'))?.[1] ?? basename(dirname(file)),
    ),
    stack: [file, ...overrides].map((one) => asPath(relative(out, one))),
    profiles,
    home: relative(out, at),
    found,
    objectives,
    own,
  };
  const schema = schemasFor(at, out);
  const { files, scenarios, refused } = await proposedOrNot(out, wanted, recognisable, schema);
  const all = {
    ...files,
    ...Object.fromEntries(scenarios.map(({ name, text }) => [`${name}.yaml`, text])),
  };
  write(out, all, flags.force === true);
  const written = Object.keys(all);
  process.stdout.write(told({ at, out, config, found, scenarios, names: written, own, refused }));
  return 0;
}

const serversIn = (config: ComposeConfig): Recognised[] =>
  withoutOld(config, recognised(config, Object.keys(registries.drivers)), registries.drivers);

interface Written {
  files: Record<string, string>;
  scenarios: Candidate[];
  /** Why plan refuses what was proposed of the user's own; null where it takes it. */
  refused: string | null;
}

/** With the user's own backups; without them where plan does not take these. */
async function proposedOrNot(
  out: string,
  wanted: Wanted,
  recognisable: readonly Recognised[],
  schema: ReturnType<typeof schemasFor>,
): Promise<Written> {
  const asWanted = async (one: Wanted): Promise<Omit<Written, 'refused'>> => {
    const files = { 'strategy.yaml': strategyText(one, schema.of('strategy')), ...schema.files };
    const scenarios = await accepted(out, files, [
      lossesOf(one.found, schema.of('scenario'), one.own),
      crashesOf(one.found, schema.of('scenario')),
    ]);
    return { files, scenarios };
  };
  try {
    return { ...(await asWanted(wanted)), refused: null };
  } catch (error) {
    const { proposed, existing } = wanted.own;
    if (proposed.size + existing.size === 0) throw error;
    return {
      ...(await asWanted({ ...wanted, found: recognisable, own: noOwnBackups })),
      refused: messageOf(error),
    };
  }
}

const dataKinds = ['mysql', 'mariadb', 'postgres', 'redis', 'valkey'];

/** What of backups there is; which files a script leaves is asked where nothing says it. */
async function ownOf(
  at: string,
  config: ComposeConfig,
  found: readonly Recognised[],
  flags: InitFlags,
): Promise<OwnBackups> {
  if (flags.builtIn) return noOwnBackups;
  const data = found.filter(({ driver, leftOut }) => leftOut === null && dataKinds.includes(driver ?? ''));
  const own = await ownBackupsOf(at, config, found, data, flags.backupFiles);
  if (own.asks === null || flags.yes || process.stdin.isTTY !== true) return own;
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const said = await reader.question(
      `Which files does ${own.asks} leave (such as /backups/*.sql.gz; nothing: I do not know)? `,
    );
    return said.trim() === '' ? own : await ownBackupsOf(at, config, found, data, said.trim());
  } finally {
    reader.close();
  }
}

/** A sidecar that is followed is started. */
const withFollowed = (found: readonly Recognised[], { follows }: OwnBackups): Recognised[] =>
  found.map((one) => (follows.has(one.service) ? { ...one, leftOut: null, notCovered: null } : one));

async function readProject(
  file: string,
  overrides: readonly string[],
  profiles: readonly string[],
): Promise<ComposeConfig> {
  const read = await configAhead({ file, overrides, profiles });
  if (read) return read.config;
  throw inputError(`Compose cannot read ${short(file)} yet`, {
    found: 'Docker Compose is not there, or the file insists on a variable that has no value',
    hint: `docker compose --file ${short(file)} config --quiet says which`,
  });
}

/** What could reach this machine is not started, unless something that is started needs it. */
function withoutHost(config: ComposeConfig, file: string, found: Recognised[]): Recognised[] {
  const marked = found.map((one) => {
    if (one.leftOut !== null) return one;
    const alone = { ...config, services: { [one.service]: config.services[one.service]! } };
    try {
      contain(alone, file, noRules, () => ({ file, line: 1, column: 1 }));
      return one;
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      return { ...one, leftOut: `it could reach this machine (${error.found ?? messageOf(error)})` };
    }
  });
  const kept = marked.filter(({ leftOut }) => leftOut === null).map(({ service }) => service);
  const needed = kept.length === 0 ? {} : neededOf(config, kept).services;
  return marked.map((one) => (Object.hasOwn(needed, one.service) ? { ...one, leftOut: null } : one));
}

const defaults = { rto: '1h', rpo: '24h' };

async function objectivesOf(flags: InitFlags): Promise<Objectives> {
  const asks = !flags.yes && process.stdin.isTTY === true;
  const reader = asks ? createInterface({ input: process.stdin, output: process.stderr }) : null;
  const guessed: Objectives['guessed'][number][] = [];
  const one = async (which: 'rto' | 'rpo', question: string): Promise<string> => {
    const said = flags[which] ?? (await reader?.question(`${question} [${defaults[which]}] `));
    if (!said) guessed.push(which);
    return checked(which, said || defaults[which]);
  };
  try {
    const rto = await one('rto', 'How long may the service be away?');
    const rpo = await one('rpo', 'How much of what was written may be lost?');
    if (flags.every === undefined) guessed.push('every');
    const every = flags.every === undefined ? halfOf(rpo) : checked('every', flags.every);
    return { rto, rpo, every, guessed };
  } finally {
    reader?.close();
  }
}

function checked(which: string, text: string): string {
  if (parseDurationMs(text)) return text;
  throw inputError(`--${which} is no duration`, { found: text, expected: 'such as 30s, 5m, 1h30m or 24h' });
}

/** What a backup that is made that often, and takes a while, keeps within the RPO. */
function halfOf(text: string): string {
  const seconds = Math.max(1, Math.floor(parseDurationMs(text)! / 2_000));
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** Of each list the first scenario that plan accepts; none of the second that the first has already. */
async function accepted(
  out: string,
  files: Record<string, string>,
  lists: readonly Candidate[][],
): Promise<Candidate[]> {
  // As deep as what is written in the end, so that paths from the strategy mean the same.
  const tried = `${out}.muster-${process.pid}`;
  const provider = createStackProvider({ progress: () => undefined });
  const taken: Candidate[] = [];
  const refused: unknown[] = [];
  try {
    write(tried, files, false);
    for (const list of lists) {
      const fits = async (one: Candidate): Promise<boolean> => {
        const file = join(tried, `${one.name}.yaml`);
        writeFileSync(file, one.text);
        return planDrill(file, registries, provider).then(
          () => true,
          (error: unknown) => {
            refused.push(error);
            return false;
          },
        );
      };
      for (const one of list)
        if (await fits(one)) {
          taken.push(one);
          break;
        }
    }
  } finally {
    rmSync(tried, { recursive: true, force: true });
  }
  if (taken.length > 0) return taken;
  throw refused[0] ?? inputError('there is no drill for what was found', { hint: 'muster list matrix' });
}
