import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { timeLimit } from '../core/clock.ts';
import type { CheckOutcome } from '../core/driver.ts';
import { environmentError } from '../core/errors.ts';
import type { Running, Service, Shell } from '../core/service.ts';
import type { CommandLine } from '../core/strategy.ts';
import type { Json } from '../core/timeline.ts';
import { saveText } from './attachments.ts';
import { keptOutput, lastLines, type Kept } from './command-output.ts';
import type { Drill, Sandbox, Control, Given } from './drill-context.ts';
import { runOnHost } from './host-command.ts';
import { commandTitle } from '../core/steps/command.ts';
import { noteCommand, ownerFacts } from './noted-commands.ts';
import type { OwnSecrets } from './own-secrets.ts';
import { toolsIn } from './scratch.ts';
import { StillAtWork } from './step-deadline.ts';
import { unlessAborted } from './undo.ts';
import { hiddenIn, ownSecretsOf, secretOf, serviceOf } from './drill-environment.ts';

export interface CommandOutcome {
  exitCode: number | null;
  inTime: boolean;
  stdout: string;
  stderr: string;
}

interface Streams {
  stdout: Kept;
  stderr: Kept;
}
interface Circumstances {
  streams: Streams;
  given: Record<string, string>;
  tooLate: AbortSignal;
  place: Workplace;
}

/** How long a command in a container may take to be ended before it is no longer waited for. */
const endingMs = 15_000;

/** How and for what a command is run, where it is no step or check itself. */
export interface Workplace {
  /** A folder that it may use on the host. */
  scratch: string;
  /** The backup, or the step, that it is run for. */
  of?: string;
  /** In the place of the container of the service that it names. */
  oneOff?: Shell;
  /** Where it works on the host. Default: the scenario's folder. */
  folder?: string;
  /** Beside what every command has. */
  facts?: Record<string, string>;
  /** Asked for secrets before the service that it runs in. */
  asks?: Service | null;
  signal?: AbortSignal;
  /** Hears what it writes to its standard output, secrets included. */
  hear?(chunk: Uint8Array): void | Promise<void>;
}

/**
 * Runs a command of the user's own, and leaves what it said in the drill's folder and a record of it on the
 * timeline, however it ended. Rejects when it cannot be started, and when the drill was interrupted; an exit
 * code or a timeout is an outcome.
 */
export async function runCommand(
  drill: Drill,
  command: CommandLine,
  place: Workplace,
): Promise<CommandOutcome> {
  const { timeline, folder } = drill;
  const id = timeline.newId('command');
  const of = place.of === undefined ? {} : { of: place.of };
  const service = command.in === 'host' ? null : serviceOf(drill, command.in);
  const given = await secretsFor(drill, command, [place.asks ?? null, service]);
  const secrets = hiddenIn(drill);
  const streams: Streams = { stdout: keptOutput(secrets), stderr: keptOutput(secrets) };
  const { signal: late, callOff } = timeLimit(drill.clock, command.timeout.ms);
  const tooLate = place.signal ? AbortSignal.any([late, place.signal]) : late;
  const circumstances = { streams, given: { ...place.facts, ...given }, tooLate, place };
  const oneOff = place.oneOff ? { oneOff: true as const } : {};
  timeline.emit('command.begun', { id, ...of, command: command.command, in: command.in, ...oneOff });
  const begunMs = timeline.now();
  let trouble: unknown = null;
  const running = service
    ? inService(drill, place.oneOff ?? service, command, circumstances)
    : onHost(drill, command, circumstances);
  const exitCode = await running
    .catch((error: unknown) => {
      trouble = error;
      return null;
    })
    .finally(callOff);
  const inTime = !late.aborted;
  // Of a drill that was ended, and waits for nobody any more.
  if (timeline.isClosed()) throw new Error(`${command.command[0]} ended after the drill`);
  const [stdout, stderr] = [streams.stdout.text(), streams.stderr.text()];
  const tookMs = timeline.now() - begunMs;
  for (const [what, text] of Object.entries({ stdout, stderr }))
    timeline.emit('attachment.saved', { of: id, what, ...saveText(folder, `${id}.${what}.txt`, text) });
  timeline.emit('command.ended', { id, ...of, exitCode, inTime, tookMs });
  drill.signal.throwIfAborted();
  if (trouble instanceof StillAtWork) throw trouble;
  place.signal?.throwIfAborted();
  if (trouble !== null && inTime) throw trouble;
  return { exitCode, inTime, stdout, stderr };
}

/** Variables of a command by the secrets that it names, as the first of these services says them. */
async function secretsFor(
  drill: Sandbox & Given,
  { env }: CommandLine,
  services: readonly (Service | null)[],
): Promise<Record<string, string>> {
  const asked = services.filter((one) => one !== null);
  const own = await Promise.all(asked.map((one) => ownSecretsOf(drill, one)));
  const said: OwnSecrets = {
    say: (name) => own.map((one) => one.say(name)).find((one) => one) ?? null,
    values: [],
  };
  return Object.fromEntries(
    Object.entries(env).map(([name, secret]) => [name, secretOf(drill, secret, said)]),
  );
}

async function onHost(
  drill: Sandbox & Control & Given,
  { command }: CommandLine,
  { streams, given, tooLate, place }: Circumstances,
): Promise<number | null> {
  mkdirSync(place.scratch, { recursive: true, mode: 0o700 });
  return runOnHost({
    argv: command,
    folder: place.folder ?? resolve(dirname(drill.plan.scenarioFile)),
    limit: AbortSignal.any([tooLate, drill.signal]),
    env: {
      ...hostVariables(),
      ...factsOf(drill),
      ...(await composeOf(drill)),
      MUSTER_SCRATCH: resolve(place.scratch),
      ...given,
      ...ownerFacts(drill),
    },
    begun: (pid) => noteCommand(drill, pid),
    stdout: heard(streams, place),
    stderr: streams.stderr.take,
  });
}

const heard =
  ({ stdout }: Streams, { hear }: Workplace) =>
  (chunk: Uint8Array): void | Promise<void> => {
    stdout.take(chunk);
    return hear?.(chunk);
  };

async function inService(
  drill: Sandbox & Control & Given,
  shell: Shell,
  { command }: CommandLine,
  { streams, given, tooLate, place }: Circumstances,
): Promise<number> {
  const givenUp = new AbortController();
  const signal = AbortSignal.any([drill.signal, givenUp.signal]);
  let running: Running | null = null;
  let callOff = (): void => undefined;
  const end = (): void => {
    const why = new StillAtWork(`${command[0]} in the container was told to end`);
    callOff = drill.clock.after(endingMs, () => givenUp.abort(why));
    running?.kill().catch(() => undefined);
  };
  const run = async (): Promise<number> => {
    running = await shell.spawn(command, { env: { ...factsOf(drill), ...given }, signal });
    running.stdin.end();
    if (tooLate.aborted) running.kill().catch(() => undefined);
    const take = heard(streams, place);
    for await (const chunk of running.stdout) await take(chunk as Buffer);
    const { code, stderr } = await running.done;
    streams.stderr.take(Buffer.from(stderr));
    return code;
  };
  tooLate.addEventListener('abort', end, { once: true });
  if (tooLate.aborted) end();
  try {
    return await unlessAborted(givenUp.signal, run());
  } finally {
    callOff();
    tooLate.removeEventListener('abort', end);
  }
}

/** What a script has to know to act on this drill and on nothing else. */
const factsOf = ({ id, stack }: Sandbox & Given): Record<string, string> => ({
  MUSTER_DRILL: id,
  ...(stack ? { MUSTER_PROJECT: stack.project } : {}),
});

/**
 * Compose's own variables name the drill's copy: a script that asks Compose for a service by its name must
 * never find the user's, nor start a copy with their folders. DOCKER_HOST names the drill's engine, before
 * any context that is chosen in the user's settings.
 */
const composeOf = async ({ stack, folder }: Sandbox & Given): Promise<Record<string, string>> =>
  stack
    ? {
        COMPOSE_PROJECT_NAME: stack.project,
        COMPOSE_FILE: (await stack.composeFiles()).join(':'),
        COMPOSE_PATH_SEPARATOR: ':',
        ...(await stack.composeVariables?.()),
        ...(stack.engine === undefined ? {} : { DOCKER_HOST: stack.engine }),
        ...(stack.scriptTools ? { PATH: pathAfter(await stack.scriptTools(toolsIn({ folder }))) } : {}),
      }
    : {};

const pathAfter = (folder: string): string => [folder, ...(process.env['PATH']?.split(':') ?? [])].join(':');

/** All that a command on the host inherits: where programs and a user's own settings are. */
const hostVariables = (): Record<string, string> =>
  Object.fromEntries(
    ['PATH', 'HOME', 'LANG', 'DOCKER_CONFIG', 'DOCKER_CERT_PATH', 'DOCKER_TLS_VERIFY'].flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]]],
    ),
  );

/**
 * A command as a check: 0 is a pass, any other exit code a fail; one that did not end in time says nothing.
 */
export async function invariantOutcome(drill: Drill, command: CommandLine): Promise<CheckOutcome> {
  const { exitCode, inTime, stdout, stderr } = await runCommand(drill, command, {
    scratch: join(drill.folder, 'scratch', 'checks'),
  });
  const said = lastLines(stderr) || lastLines(stdout);
  const facts: Json = { exitCode, inTime, said };
  const words = said === '' ? '' : `: ${said}`;
  if (!inTime || exitCode === null)
    return {
      verdict: 'inconclusive',
      detail: `${commandTitle(command)} ${inTime ? 'was ended by a signal' : `did not end within ${command.timeout.text}`}${words}`,
      facts,
    };
  return {
    verdict: exitCode === 0 ? 'pass' : 'fail',
    detail: `${commandTitle(command)} ended with ${exitCode}${words}`,
    facts,
  };
}

/**
 * What a command ended with where that was no good end within its time, with what it said last; null where it
 * was one.
 */
export function badEnd(
  { timeout }: CommandLine,
  { exitCode, inTime, stdout, stderr }: CommandOutcome,
): string | null {
  const said = lastLines(stderr) || lastLines(stdout);
  const words = said === '' ? '; it said nothing' : `; its last lines: ${said}${advice(said)}`;
  if (!inTime) return `it was ended after ${timeout.text}, with everything in its process group${words}`;
  if (exitCode === 0) return null;
  return `it ended with ${exitCode === null ? 'a signal' : `exit code ${exitCode}`}${words}`;
}

/** What clients say of a server that does not answer, or not yet. */
const noServer =
  /connection refused|ECONNREFUSED|can't connect to (\w+ )*server|could not connect to|is the server running|is starting up/i;

/** What a server says where something is there twice. */
const twice = /duplicate/i;

/**
 * A server that lost its data is made anew first: whoever restores by hand begins once it answers. Clients
 * go on meanwhile, and what they write gets between.
 */
function advice(said: string): string {
  const shown = 'as docs/your-own-system.md shows';
  if (noServer.test(said))
    return ` (no server answered it: where one has to, have the command wait until it does, ${shown})`;
  if (twice.test(said))
    return ` (clients write while it runs: have it load in one transaction or keep them out, ${shown})`;
  return '';
}

/**
 * A command as a step of a recovery: whatever is not a good end within its time fails the step, with what it
 * said last. With the time of the step, by the signal, it ends as well.
 */
export async function commandStep(
  drill: Drill,
  step: CommandLine,
  place: Required<Pick<Workplace, 'scratch' | 'signal'>>,
): Promise<Json> {
  const outcome = await runCommand(drill, step, place);
  const bad = badEnd(step, outcome);
  if (bad !== null) throw environmentError(bad);
  const { exitCode, stdout, stderr } = outcome;
  return { exitCode, stdout: lastLines(stdout), stderr: lastLines(stderr) };
}
