import { wrongConfigEntry } from '../../mistakes.ts';
import { mysqlFault } from '../system.ts';

export default mysqlFault({
  ...wrongConfigEntry,
  inject: async ({ site }) => (await import('../wrong-config.ts')).wrongConfig(site),
});
