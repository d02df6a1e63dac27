import { createHash } from 'node:crypto';
import { NoRecoveryPoint } from '../../core/errors.ts';
import type { OwnCommand } from '../../core/own-backup.ts';
import type { CommandOutcome } from '../command.ts';
import { inspection, type Content } from './inside.ts';
import { at, run, type Occasion, type OwnComponent } from './place.ts';

const referenceMax = 1_000;

/** Where the script keeps its backup: the last line that it wrote. */
export function referenceIn({ stdout }: CommandOutcome): string {
  const last = stdout.trimEnd().split('\n').at(-1)!.trim();
  if (last === '')
    throw new NoRecoveryPoint('the script ended well and did not say where its backup is', {
      found: 'nothing on its standard output',
      expected: 'a reference as its last line',
    });
  if (last.length > referenceMax || last.includes('***'))
    throw new NoRecoveryPoint('what the script says of its backup cannot be recorded', {
      found: last.slice(0, 100),
      expected: `a reference of at most ${referenceMax} characters, with no secret in it`,
    });
  return last;
}

/** What is kept under a reference; `bad`: why it is no backup, null where nothing shows. */
export interface Shown {
  bytes: number;
  sha256: string;
  content: Content;
  bad: string | null;
}

/** Looks at what is kept under a reference, as a command of the user's own shows it. */
export function shown(
  own: OwnComponent,
  command: OwnCommand,
  reference: string,
  occasion: Occasion,
): Promise<Shown> {
  return at(own, command, occasion, [], async (place) => {
    const hash = createHash('sha256');
    let bytes = 0;
    const looked = inspection(own.component.driver.dumps ?? []);
    const hear = (chunk: Uint8Array): Promise<void> => {
      hash.update(chunk);
      bytes += chunk.length;
      return looked.take(chunk);
    };
    await run(own, command, occasion, place, { facts: { MUSTER_REFERENCE: reference }, hear });
    if (bytes === 0)
      throw new NoRecoveryPoint(`the script keeps nothing as ${reference}`, {
        found: `${command.command.join(' ')} wrote nothing`,
        expected: 'its content',
      });
    const bad = await looked.end();
    return { bytes, sha256: hash.digest('hex'), content: looked.content(), bad };
  });
}
