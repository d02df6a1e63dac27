import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { inputError, messageOf, MusterError } from '../core/errors.ts';
import { parseDurationMs } from '../core/units.ts';
import { planDrill } from '../engine/plan.ts';
import { composeFilesOf } from '../stack/compose-files.ts';
import { configAhead } from '../stack/plan-containment.ts';
import { contain, noRules } from '../stack/containment.ts';
import { projectEnvironment } from '../stack/project-environment.ts';
import { packageRoot } from '../stack/package-root.ts';
import { createStackProvider } from '../stack/provider.ts';
import type { ComposeConfig } from '../stack/compose.ts';
import { neededOf } from '../stack/needed.ts';
import { recognised, unprotected, type Recognised } from './init-recognise.ts';
import { crashesOf, lossesOf, strategyText, type Candidate, type Objectives } from './init-write.ts';
import { plainName } from './init-names.ts';
import { short } from './output.ts';
import { registries } from './registries.ts';
import { schemaOf } from './schema.ts';

export interface InitFlags {
  file?: string[];
  out?: string;
  rto?: string;
  rpo?: string;
  every?: string;
  yes?: boolean;
  force?: boolean;
}

/** `muster init`: looks at the project in a folder, and writes a strategy and two scenarios for it. */
export async function init(folder: string | undefined, flags: InitFlags): Promise<number> {
  const at = resolve(folder ?? '.');
  const [file, ...overrides] = composeFilesOf(at, flags.file);
  const out = resolve(at, flags.out ?? 'muster');
  const objectives = await objectivesOf(flags);
  const { values } = await projectEnvironment(file, overrides);
  const profiles = (process.env['COMPOSE_PROFILES'] ?? values['COMPOSE_PROFILES'] ?? '')
    .split(',')
    .filter((one) => one !== '');
  const config = await readProject(file, overrides, profiles);
  const found = withoutHost(config, file, recognised(config, Object.keys(registries.drivers)));
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
    found,
    objectives,
  };
  const schema = schemasFor(at, out);
  const files = { 'strategy.yaml': strategyText(wanted, schema.of('strategy')), ...schema.files };
  const scenarios = await accepted(out, files, [
    lossesOf(found, schema.of('scenario')),
    crashesOf(found, schema.of('scenario')),
  ]);
  const all = {
    ...files,
    ...Object.fromEntries(scenarios.map(({ name, text }) => [`${name}.yaml`, text])),
  };
  write(out, all, flags.force === true);
  process.stdout.write(told({ at, out, config, found, scenarios, names: Object.keys(all) }));
  return 0;
}

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

const asPath = (path: string): string => (path.startsWith('.') ? path : `./${path}`);

/** The installed package's schemas where there is one; else copies beside, which outlive a cache of npx. */
function schemasFor(
  folder: string,
  out: string,
): { of(which: 'strategy' | 'scenario'): string; files: Record<string, string> } {
  const installed = join(folder, 'node_modules', 'muster-drill');
  if (existsSync(installed) && resolve(packageRoot).startsWith(resolve(folder)))
    return {
      of: (which) => asPath(relative(out, join(installed, 'fixtures/schemas', `${which}.schema.json`))),
      files: {},
    };
  const name = (which: string): string => `schemas/${which}.schema.json`;
  return {
    of: (which) => `./${name(which)}`,
    files: Object.fromEntries(
      (['strategy', 'scenario'] as const).map((which) => [
        name(which),
        `${JSON.stringify(schemaOf(which), null, 2)}\n`,
      ]),
    ),
  };
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

/** All or none: a file that is there already is somebody's. */
function write(out: string, files: Record<string, string>, force: boolean): void {
  const there = Object.keys(files).filter((name) => existsSync(join(out, name)));
  if (there.length > 0 && !force)
    throw inputError('some of the files are there already, and nothing was written', {
      found: there.map((name) => short(join(out, name))).join(', '),
      hint: '--force writes over them; --out names another folder',
    });
  for (const [name, text] of Object.entries(files)) {
    const file = join(out, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.part`, text);
    renameSync(`${file}.part`, file);
  }
}

const scriptPattern =
  '{,scripts/,bin/,ops/,deploy/,backup/,backups/}*{backup,dump,restore}*.{sh,py,js,mjs,ts,rb,pl}';

interface Told {
  at: string;
  out: string;
  config: ComposeConfig;
  found: readonly Recognised[];
  scenarios: readonly Candidate[];
  names: readonly string[];
}

function told({ at, out, config, found, scenarios, names }: Told): string {
  const row = (title: string, lines: string[]): string =>
    lines.length === 0 ? '' : `\n${title}\n${lines.map((line) => `  ${line}\n`).join('')}`;
  const covered = found.filter(({ driver, leftOut }) => driver !== null && leftOut === null);
  const scripts = globSync(scriptPattern, { cwd: at }).sort();
  const files = scenarios.map(({ name }) => short(join(out, `${name}.yaml`)));
  return [
    `wrote ${names
      .filter((name) => !name.startsWith('schemas/'))
      .map((name) => short(join(out, name)))
      .join(', ')}\n`,
    row(
      'Found',
      covered.map(
        ({ service, driver, by, login }) =>
          `${service}: driver ${driver}, by ${by}${login ? `; ${login}` : ''}`,
      ),
    ),
    row(
      'Guessed',
      covered.flatMap(({ service, guesses }) => guesses.map((guess) => `${service}: ${guess}`)),
    ),
    row('Not covered', [
      ...found
        .filter(({ notCovered }) => notCovered !== null)
        .map(({ service, notCovered }) => `${service}: ${notCovered}`),
      ...unprotected(config, found).map((line) => line.replaceAll(`${at}/`, './')),
      ...scripts.map(
        (script) =>
          `${script} looks like a backup of your own: the drill makes its own until a scenario runs it (\`muster list drivers\`)`,
      ),
    ]),
    row(
      'Not started',
      found.filter(({ leftOut }) => leftOut !== null).map(({ service, leftOut }) => `${service}: ${leftOut}`),
    ),
    row('Never touched', [
      "your compose file, .env and folders, and every container, volume and network that is not the drill's own",
    ]),
    `\nNext: muster plan ${files.join(' ')}\n      muster run ${files[0]}\n`,
  ].join('');
}
