import crash from '../../../faults/container/crash.ts';
import { mysqlFault } from '../system.ts';

/** While a restore is under way, the server that it loads into: the service itself is stopped meanwhile. */
export default mysqlFault({
  about: crash.about,
  params: crash.params,
  witnessDeadlineMs: crash.witnessDeadlineMs,
  inject: ({ site }, params, context) => site.restoring?.crash() ?? crash.inject(site, params, context),
});
