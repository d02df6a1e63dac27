// A program for tests: inspects the machine it runs on, prepares it twice, inspects it again, and tells all
// as JSON.
import { MusterError } from '../../core/errors.ts';
import { inspectHost } from '../../stack/host.ts';
import { prepareHost } from '../../stack/host-preparation.ts';

const progress = (line: string): void => console.error(line);
const told: Record<string, unknown> = {
  before: await inspectHost(),
  did: [],
  again: null,
  after: null,
  error: null,
};
try {
  told['did'] = await prepareHost({ progress });
  told['again'] = await prepareHost({ progress });
  told['after'] = await inspectHost();
} catch (error) {
  if (!(error instanceof MusterError)) throw error;
  const { trouble, message, found, hint } = error;
  told['error'] = { trouble, message, found, hint };
}
console.log(JSON.stringify(told));
