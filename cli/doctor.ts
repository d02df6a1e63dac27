import wrapAnsi from 'wrap-ansi';
import { exitCodes } from '../core/errors.ts';
import { plural } from '../reports/words.ts';
import { inspectHost, type HostFinding } from '../stack/host.ts';
import { prepare } from './host.ts';
import { chalkFor } from './output.ts';
import { optionsFor } from './summary.ts';

/**
 * `muster doctor`: what is here, what is missing, and the remedy; with --prepare, the remedy carried out. 0
 * when drills can run, 69 when not.
 */
export async function doctor(flags: { prepare?: boolean; json?: boolean }): Promise<number> {
  if (flags.prepare) await prepare((text) => void process.stderr.write(`${text}\n`));
  const checks = await inspectHost();
  const ready = checks.every(({ ok }) => ok);
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ schema: 'muster/doctor/v1', ready, checks }, null, 2)}\n`
      : toText(checks),
  );
  return ready ? 0 : exitCodes.environment;
}

function toText(checks: readonly HostFinding[]): string {
  const paint = chalkFor(process.stdout);
  const indent = 9 + Math.max(...checks.map(({ name }) => name.length)) + 2;
  const width = Math.max(40, optionsFor(process.stdout).width) - indent;
  const under = (text: string): string => wrapAnsi(text, width).replaceAll('\n', `\n${' '.repeat(indent)}`);
  const lines = checks.flatMap(({ name, ok, found, remedy }) => [
    `${ok ? paint.green('ok     ') : paint.red('missing')}  ${name.padEnd(indent - 9)}${under(found)}`,
    ...(ok || !remedy ? [] : [`${' '.repeat(indent)}${paint.cyan('remedy:')} ${under(remedy)}`]),
  ]);
  const missing = checks.filter(({ ok }) => !ok);
  const last =
    missing.length === 0
      ? 'Drills can run here.'
      : `${plural(missing.length, 'thing is', 'things are')} missing: no drill can run here yet.`;
  return `${[...lines, '', last].join('\n')}\n`;
}
