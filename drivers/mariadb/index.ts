import { driverOf } from '../mysql/family.ts';
import { mariadb } from './product.ts';

export default driverOf(mariadb, {
  about: 'MariaDB 10.6 and later: consistent dumps, the binary log followed and replayed to a point in time',
  dumpAbout: 'mariadb-dump of everything in one snapshot, accounts, sequences and row history included',
  images: ['mariadb', 'bitnami/mariadb', 'linuxserver/mariadb'],
});
