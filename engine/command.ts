import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { timeLimit } from '../core/clock.ts';
import type { CheckOutcome } from '../core/driver.ts';
import { environmentError } from '../core/errors.ts';
import type { Service } from '../core/service.ts';
import type { CommandLine } from '../core/strategy.ts';
import type { Json } from '../core/timeline.ts';
import { keepText } from './attachments.ts';
import { keptOutput, lastLines, type Kept } from './command-output.ts';
import type { Drill, Sandbox, Control, Given } from './drill-context.ts';
import { runOnHost } from './host-command.ts';
import { commandTitle } from '../core/steps/command.ts';
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
}

/** How long a command in a container may take to be ended before its output is no longer waited for. */
const endingMs = 15_000;

/**
 * Runs a command of the user's own, and leaves what it said in the drill's folder and a record of it on the
 * timeline, however it ended. Rejects when it cannot be started, and when the drill was interrupted; an exit
 * code or a timeout is an outcome. `scratch` is a folder that it may use on the host.
 */
export async function runCommand(
  drill: Drill,
  command: CommandLine,
  scratch: string,
): Promise<CommandOutcome> {
  const { timeline, folder } = drill;
  const id = timeline.newId('command');
  const service = command.in === 'host' ? null : serviceOf(drill, command.in);
  const own = service && (await ownSecretsOf(drill, service));
  const given = Object.fromEntries(
    Object.entries(command.env).map(([name, secret]) => [name, secretOf(drill, secret, own)]),
  );
  const secrets = hiddenIn(drill);
  const streams: Streams = { stdout: keptOutput(secrets), stderr: keptOutput(secrets) };
  const { signal: tooLate, callOff } = timeLimit(drill.clock, command.timeout.ms);
  const circumstances = { streams, given, tooLate };
  timeline.emit('command.begun', { id, command: command.command, in: command.in });
  const begunMs = timeline.now();
  let trouble: unknown = null;
  const running = service
    ? inService(drill, service, command, circumstances)
    : onHost(drill, command, scratch, circumstances);
  const exitCode = await running
    .catch((error: unknown) => {
      trouble = error;
      return null;
    })
    .finally(callOff);
  const inTime = !tooLate.aborted;
  const [stdout, stderr] = [streams.stdout.text(), streams.stderr.text()];
  const tookMs = timeline.now() - begunMs;
  for (const [what, text] of Object.entries({ stdout, stderr }))
    timeline.emit('attachment.kept', { of: id, what, ...keepText(folder, `${id}.${what}.txt`, text) });
  timeline.emit('command.ended', { id, exitCode, inTime, tookMs });
  drill.signal.throwIfAborted();
  if (trouble !== null && inTime) throw trouble;
  return { exitCode, inTime, stdout, stderr };
}

async function onHost(
  drill: Sandbox & Control & Given,
  { command }: CommandLine,
  scratch: string,
  { streams, given, tooLate }: Circumstances,
): Promise<number | null> {
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  return runOnHost({
    argv: command,
    folder: resolve(dirname(drill.plan.scenarioFile)),
    limit: AbortSignal.any([tooLate, drill.signal]),
    env: { ...hostVariables(), ...factsOf(drill), MUSTER_SCRATCH: resolve(scratch), ...given },
    stdout: streams.stdout.take,
    stderr: streams.stderr.take,
  });
}

async function inService(
  drill: Sandbox & Control & Given,
  service: Service,
  { command, timeout }: CommandLine,
  { streams, given, tooLate }: Circumstances,
): Promise<number> {
  const limit = timeLimit(drill.clock, timeout.ms + endingMs);
  const signal = AbortSignal.any([drill.signal, limit.signal]);
  let end = (): void => undefined;
  try {
    const running = await service.spawn(command, { env: { ...factsOf(drill), ...given }, signal });
    running.stdin.end();
    end = () => void running.kill().catch(() => undefined);
    tooLate.addEventListener('abort', end, { once: true });
    if (tooLate.aborted) end();
    for await (const chunk of running.stdout) streams.stdout.take(chunk as Buffer);
    const { code, stderr } = await running.done;
    streams.stderr.take(Buffer.from(stderr));
    return code;
  } finally {
    limit.callOff();
    tooLate.removeEventListener('abort', end);
  }
}

/** What a script has to know to act on this drill and on nothing else. */
const factsOf = ({ id, stack }: Sandbox & Given): Record<string, string> => ({
  MUSTER_DRILL: id,
  ...(stack ? { MUSTER_PROJECT: stack.project } : {}),
});

/** All that a command on the host inherits: where programs and a user's own settings are. */
const hostVariables = (): Record<string, string> =>
  Object.fromEntries(
    ['PATH', 'HOME', 'LANG'].flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]]],
    ),
  );

/**
 * A command as a check: 0 is a pass, any other exit code a fail; one that did not end in time says nothing.
 */
export async function invariantOutcome(drill: Drill, command: CommandLine): Promise<CheckOutcome> {
  const { exitCode, inTime, stdout, stderr } = await runCommand(
    drill,
    command,
    join(drill.folder, 'scratch', 'checks'),
  );
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
 * A command as a step of a recovery: whatever is not a good end within its time fails the step, with what it
 * said last.
 */
export async function commandStep(drill: Drill, step: CommandLine, scratch: string): Promise<Json> {
  const { exitCode, inTime, stdout, stderr } = await runCommand(drill, step, scratch);
  const said = lastLines(stderr) || lastLines(stdout);
  const words = said === '' ? '; it said nothing' : `; its last lines: ${said}`;
  if (!inTime)
    throw environmentError(
      `it was ended after ${step.timeout.text}, with everything in its process group${words}`,
    );
  if (exitCode !== 0)
    throw environmentError(
      `it ended with ${exitCode === null ? 'a signal' : `exit code ${exitCode}`}${words}`,
    );
  return { exitCode, stdout: lastLines(stdout), stderr: lastLines(stderr) };
}
