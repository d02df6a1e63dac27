import { driverOf } from './family.ts';
import { mysql } from './mysql.ts';

export default driverOf(mysql, {
  about: 'MySQL: consistent dumps, the binary log followed and replayed to a point in time',
  dumpAbout: 'mysqldump of everything in one snapshot, accounts included',
  images: ['mysql', 'mysql/mysql-server', 'bitnami/mysql'],
});
