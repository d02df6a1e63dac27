import { join } from 'node:path';
import type { ComposeConfig } from '../stack/compose.ts';
import type { OwnBackups } from './init-own.ts';
import { unprotected, type Recognised } from './init-recognise.ts';
import type { Candidate } from './init-write.ts';
import { short } from './output.ts';

interface Told {
  at: string;
  out: string;
  config: ComposeConfig;
  found: readonly Recognised[];
  scenarios: readonly Candidate[];
  names: readonly string[];
  own: OwnBackups;
  refused: string | null;
}

/** What was found, guessed and left out, for who ran `muster init`. */
export function told({ at, out, config, found, scenarios, names, own, refused }: Told): string {
  const row = (title: string, lines: string[]): string =>
    lines.length === 0 ? '' : `\n${title}\n${lines.map((line) => `  ${line}\n`).join('')}`;
  const covered = found.filter(({ driver, leftOut }) => driver !== null && leftOut === null);
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
      ...unprotected(
        config,
        found.filter(({ service }) => !own.follows.has(service)),
      ).map((line) => line.replaceAll(`${at}/`, './')),
    ]),
    row('Your own backups', [
      ...own.told,
      ...(refused === null ? [] : [`none of that is in the strategy, because plan refuses it: ${refused}`]),
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
