import { environmentError } from '../../core/errors.ts';
import type { Service } from '../../core/service.ts';
import type { Product, Program } from './product.ts';
import type { MysqlSite } from './site.ts';

/** Says each program that is there, and each option of the dump that its help knows. */
const script = `
  for name in $PROGRAMS; do command -v "$name" >/dev/null 2>&1 && echo "program $name"; done
  for name in $DUMPS; do
    command -v "$name" >/dev/null 2>&1 || continue
    for option in $OPTIONS; do "$name" --no-defaults --help 2>/dev/null | grep -q -e "$option" && echo "option $option"; done
    break
  done; true`;

/**
 * Which of the names of each program the image of the service has: the first of them, where it has none, so
 * that whoever needs it says what is missing. Nothing is asked where there is one name only.
 */
export async function findPrograms(
  service: Service,
  { programs, optionalDumpOptions }: Product,
): Promise<Pick<MysqlSite, 'programs' | 'dumpOptions'>> {
  const names = Object.entries(programs) as [Program, readonly string[]][];
  const firsts = Object.fromEntries(names.map(([program, [first]]) => [program, first!]));
  if (names.every(([, all]) => all.length === 1))
    return { programs: firsts as Record<Program, string>, dumpOptions: [] };
  const { code, stdout, stderr } = await service.exec(['sh', '-c', script], {
    env: {
      PROGRAMS: names.flatMap(([, all]) => all).join(' '),
      DUMPS: programs.dump.join(' '),
      OPTIONS: optionalDumpOptions.join(' '),
    },
    deadlineMs: 30_000,
  });
  if (code !== 0)
    throw environmentError(`the programs of ${service.name} cannot be looked for`, {
      found: stderr.trim() || `code ${code}`,
      expected: 'a shell in its image',
    });
  const said = stdout.split('\n');
  const found = names.map(([program, all]) => [
    program,
    all.find((name) => said.includes(`program ${name}`)) ?? all[0]!,
  ]);
  return {
    programs: Object.fromEntries(found) as Record<Program, string>,
    dumpOptions: optionalDumpOptions.filter((option) => said.includes(`option ${option}`)),
  };
}
