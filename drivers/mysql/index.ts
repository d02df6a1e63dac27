import { driverOf } from './family.ts';
import { mysql } from './mysql.ts';

export default driverOf(mysql, {
  about: 'MySQL: consistent dumps, the binary log followed and replayed to a point in time',
  dumpAbout: 'mysqldump of everything in one snapshot, accounts included',
  existing: {
    about: 'dumps in SQL, as mysqldump and others write them',
    holds: ['tables', 'views', 'routines', 'triggers', 'events', 'users'],
    of: async ({ site }) => (await import('./existing/index.ts')).existingDumps(site),
    fingerprint: async (source) => (await import('./existing/fingerprint.ts')).fingerprintAt(source),
  },
});
