#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { exitCodes, inputError } from '../core/errors.ts';
import { cacheCompiled } from './compiled.ts';
import { parseJobs, parseSeed } from './flags.ts';
import { letHeapDouble } from './heap.ts';
import { examples, exitHelp, noEngine, plainExitHelp, wrongInput } from './help-texts.ts';
import { chalkFor, errorToJson, exitCodeOfError, formatError, goOnUnread, leave } from './output.ts';
import { musterVersion } from './version.ts';

type Action = (...parameters: never[]) => Promise<number>;

/** Loads a command only when it is asked for: `muster --help` must not wait for drivers. */
const lazily =
  (load: () => Promise<Action>) =>
  async (...parameters: unknown[]): Promise<void> => {
    process.exitCode = await (await load())(...(parameters as never[]));
  };

function program(): Command {
  const muster = new Command('muster')
    .description(
      'Breaks a running system on purpose, runs its real backups and restores, and reports what recovery cost.',
    )
    .version(musterVersion())
    .showHelpAfterError('(muster --help shows what there is)')
    .addHelpText('after', exitHelp)
    // What each takes is in its own help; beside its name here, the rest had no room.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .configureOutput({ outputError: (text, write) => write(chalkFor(process.stderr).red(text)) })
    .exitOverride();
  addInit(muster);
  addRun(muster);
  addPlan(muster);
  addRestoreTest(muster);
  addFingerprint(muster);
  addList(muster);
  addReport(muster);
  addProven(muster);
  addDoctor(muster);
  addGc(muster);
  addSchema(muster);
  return muster;
}

function addRun(muster: Command): void {
  muster
    .command('run')
    .argument('[scenario...]', 'names or files; all in ./scenarios and ./muster when none is given')
    .description('run drills and report what recovery cost')
    .option('--json', 'the results on standard output, nothing else there')
    .option('--out <folder>', 'where bundles go', '.muster')
    .option(
      '--jobs <number>',
      'how many drills side by side; auto: as many as the machine carries',
      parseJobs,
      1,
    )
    .option('--seed <number>', 'repeat the choices of an earlier drill', parseSeed)
    .option('--keep', 'leave the stack and the stores for a look (muster gc <drill> removes the stack)')
    .option(
      '--allow-host-commands',
      'commands on this machine that scenario and strategy name may run, as you',
    )
    .option(
      '--no-snapshots',
      'begin with nothing that an earlier drill kept (an empty data folder), and keep nothing for later ones',
    )
    .option('--verbose', 'also what Docker says')
    .option('--prepare', 'first install and start what the host lacks, as doctor --prepare does')
    .addHelpText(
      'after',
      examples(
        'muster run redis-volume-lost',
        'muster run reference/redis-crash reference/mysql-dropped-table --json > results.json',
        'muster run my-drill.yaml --seed 42 --keep',
        'muster run --jobs auto',
      ) + exitHelp,
    )
    .action(lazily(async () => (await import('./run.ts')).run as Action));
}

function addInit(muster: Command): void {
  muster
    .command('init')
    .argument('[folder]', 'where your compose file is', '.')
    .description('look at your compose project, and write a strategy and two scenarios for it; start nothing')
    .option('--file <compose files...>', 'which, if not those that Compose finds')
    .option('--out <folder>', 'where to write them', 'muster')
    .option('--rto <duration>', 'how long the service may be away')
    .option('--rpo <duration>', 'how much of what was written may be lost')
    .option('--every <duration>', 'how often backups are made')
    .option('--backup-files <pattern>', 'which files your own backup script leaves')
    .option('--built-in', 'leave your own backup scripts, sidecars and dumps out of it')
    .option('--example', 'write the stack, the strategy and the drills that come with Muster instead')
    .option('--yes', 'ask nothing: guess what is not said')
    .option('--force', 'write over files that are there already')
    .addHelpText(
      'after',
      examples('muster init', 'muster init ../shop --rto 30m --rpo 24h --yes', 'muster init --example') +
        plainExitHelp(['0', 'written, and accepted by plan'], wrongInput, noEngine),
    )
    .action(lazily(async () => (await import('./init.ts')).init as Action));
}

function addRestoreTest(muster: Command): void {
  muster
    .command('restore-test')
    .argument('[strategy]', 'the file that declares the component (default: muster/strategy.yaml)')
    .argument('[component]', 'what is restored')
    .description('restore a backup that is there already into an empty sandbox, and check it; break nothing')
    .option('--strategy <file>', 'in the place of the argument')
    .option('--component <name>', 'in the place of the argument')
    .option(
      '--from <from...>',
      'a file, folder, "pattern" or s3://…; or stores with recovery points of drills',
    )
    .option('--check <check...>', 'checks and invariants of the strategy that it is held against')
    .option('--newest <query>', 'gives the time of the newest record; or table.column')
    .option('--within <duration>', 'how old that may be')
    .option('--zone <offset>', 'of times that say none, such as +02:00')
    .option('--rows <table=number...>', 'how many rows there are at least')
    .option('--sql <query...>', 'each must give t or 1')
    .option('--fingerprint <file>', 'what `muster fingerprint` wrote at the source')
    .option('--database <name>', 'what it is a backup of')
    .option('--decrypt <how>', 'age or openssl')
    .option('--key-from <name>', 'variable that holds the key')
    .option('--key-file <file>', 'file that holds the key')
    .option('--backup <name>', 'which of the snapshot backups, where stores hold several')
    .option('--json', 'the result on standard output, nothing else there')
    .option('--out <folder>', 'where bundles go', '.muster')
    .option('--keep', 'leave the stack for a look (muster gc <drill> removes it)')
    .option('--allow-host-commands', 'commands on this machine that the strategy names may run, as you')
    .option('--verbose', 'also what Docker says')
    .option('--prepare', 'first install and start what the host lacks, as doctor --prepare does')
    .addHelpText(
      'after',
      examples(
        'muster restore-test --from ./last-night.sql.gz --component db --newest orders.created_at --within 26h',
        'muster restore-test strategy.yaml db --from "backups/*.sql.gz" --rows orders=1000000',
        'muster restore-test strategy.yaml redis --check opens',
        'muster restore-test strategy.yaml mysql --from offsite --check opens rows --json',
      ) + exitHelp,
    )
    .action(lazily(async () => (await import('./restore-test.ts')).restoreTest as Action));
}

function addFingerprint(muster: Command): void {
  muster
    .command('fingerprint')
    .argument('<strategy>', 'the file that declares the component')
    .argument('<component>', 'whose server is read')
    .description(
      'digest what a server of yours holds, for a restored backup to be held against; write nothing to it',
    )
    .requiredOption('--source <name>', 'variable that holds its URL: mysql://user:password@host:3306/shop')
    .option('--out <file>', 'where to write it (default: standard output)')
    .addHelpText(
      'after',
      examples('muster fingerprint muster/strategy.yaml db --source SHOP_DB --out shop.fingerprint.json') +
        plainExitHelp(['0', 'written'], wrongInput, ['69', 'the server cannot be read']),
    )
    .action(lazily(async () => (await import('./fingerprint.ts')).fingerprint as Action));
}

function addPlan(muster: Command): void {
  muster
    .command('plan')
    .argument('<scenario...>', 'a name or a file')
    .description('pair scenarios with what the drivers can do; refuse what cannot work; start nothing')
    .option('--json', 'machine-readable')
    .option('--allow-host-commands', 'plan as run does with the same option')
    .addHelpText(
      'after',
      examples('muster plan redis-volume-lost', 'muster plan scenarios/reference/redis-*.yaml --json') +
        plainExitHelp(['0', 'they can be carried out'], wrongInput),
    )
    .action(lazily(async () => (await import('./plan.ts')).plan as Action));
}

function addList(muster: Command): void {
  muster
    .command('list')
    .argument(
      '[what]',
      'scenarios, drivers, faults, stores, formats, measures, or matrix: what can be broken which way',
      'scenarios',
    )
    .description('what there is, from the registries')
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      examples('muster list', 'muster list faults') + plainExitHelp(['0', 'listed'], wrongInput),
    )
    .action(lazily(async () => (await import('./list.ts')).list as Action));
}

function addReport(muster: Command): void {
  muster
    .command('report')
    .argument('<bundle...>', 'folders of drills, or their ids')
    .description('judge and render again, from the bundle alone')
    .option('--json', 'machine-readable')
    .option('--out <folder>', 'where to write the reports (default: into the bundle)')
    .option('--home <folder>', 'where ids are looked up', '.muster')
    .addHelpText(
      'after',
      examples(
        'muster report .muster/drills/20261121-*',
        'muster report 20261121-013000-redis-crash-1a2b --json',
      ) + exitHelp,
    )
    .action(lazily(async () => (await import('./report.ts')).report as Action));
}

function addProven(muster: Command): void {
  muster
    .command('proven')
    .argument('[backup...]', 'such as mysql.daily; all that drills know of when none is given')
    .description('when each backup was last restored and found right, by the bundles of drills alone')
    .option('--within <duration>', 'how long ago that may be, such as 90d')
    .option('--home <folder>', 'where the bundles are', '.muster')
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      examples('muster proven', 'muster proven mysql.daily --within 90d --json') +
        plainExitHelp(
          ['0', 'each was proven, and not longer ago than it may be'],
          ['1', 'one was not'],
          wrongInput,
        ),
    )
    .action(lazily(async () => (await import('./proven.ts')).proven as Action));
}

function addDoctor(muster: Command): void {
  muster
    .command('doctor')
    .description('what drills need here, what is missing, and what would be done about it')
    .option('--prepare', 'do it: install and start what is missing (Debian, as root)')
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      examples('muster doctor', 'muster doctor --prepare') +
        plainExitHelp(['0', 'drills can run here'], ['69', 'something is missing']),
    )
    .action(lazily(async () => (await import('./doctor.ts')).doctor as Action));
}

function addGc(muster: Command): void {
  muster
    .command('gc')
    .argument('[drill...]', 'only what these drills use, dead or not')
    .description('remove what drills left whose Muster is gone, and what is kept while none runs')
    .option('--all', 'those of running and of kept drills too')
    .option('--out <folder>', 'where drills keep their evidence', '.muster')
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      examples('muster gc', 'muster gc 20261121-013000-redis-crash-1a2b', 'muster gc --all') +
        plainExitHelp(['0', 'nothing is left of them'], wrongInput, noEngine),
    )
    .action(lazily(async () => (await import('./gc.ts')).gc as Action));
}

function addSchema(muster: Command): void {
  muster
    .command('schema')
    .argument('<which>', 'scenario, strategy, result, recovery-point')
    .description('print a JSON Schema, for editors and for whoever checks a result')
    .addHelpText(
      'after',
      examples('muster schema scenario > scenario.schema.json') + plainExitHelp(['0', 'printed'], wrongInput),
    )
    .action(lazily(async () => (await import('./schema.ts')).schema as Action));
}

function fail(error: unknown): void {
  if (process.argv.includes('--json'))
    process.stdout.write(`${JSON.stringify(errorToJson(error), null, 2)}\n`);
  process.exitCode = exitCodeOfError(error);
}

letHeapDouble();
cacheCompiled();
goOnUnread();
process.on('uncaughtException', (error) => {
  process.stderr.write(`${formatError(error, chalkFor(process.stderr))}\n`);
  process.exit(exitCodes.internal);
});

try {
  await program().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said it already; for whoever reads JSON it is said there too.
    if (error.exitCode !== 0) fail(inputError(error.message.replace(/^error: /, '')));
  } else {
    process.stderr.write(`${formatError(error, chalkFor(process.stderr))}\n`);
    fail(error);
  }
}
await leave();
