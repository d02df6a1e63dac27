import { environmentError } from '../../core/errors.ts';
import { quoted } from './session.ts';

/** pg_dumpall's own last words; what comes behind them is blank, or ends the restriction of psql. */
const lastWords = '-- PostgreSQL database cluster dump complete';

export const isComplete = (text: string): boolean =>
  new RegExp(`\\n${lastWords}\\n--\\n(?:\\s|\\\\unrestrict \\S+)*$`).test(text);

/**
 * Roles and what was said of them, made ready for an empty cluster: the role that it begins with is there
 * already, and that alone is left out, so that every error of what remains is one. Environment error where
 * the text is cut off or does not make that role.
 */
export function forEmptyCluster(text: string, bootstrapRole: string): string {
  if (!isComplete(text))
    throw environmentError('the dump of roles is cut off', {
      found: `${text.length} characters without the last words`,
      expected: lastWords,
    });
  const lines = text.split('\n');
  const plain = /^[a-z_][a-z0-9_]*$/.test(bootstrapRole) ? [bootstrapRole] : [];
  const makes = [...plain, quoted(bootstrapRole)].map((name) => `CREATE ROLE ${name};`);
  const rest = lines.filter((line) => !makes.includes(line));
  if (lines.length - rest.length !== 1)
    throw environmentError('the dump of roles does not make the role that a cluster begins with', {
      found: `${lines.length - rest.length} statements`,
      expected: makes.at(-1)!,
    });
  return rest.join('\n');
}
