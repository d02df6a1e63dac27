import { driverOf } from '../redis/family.ts';
import { valkey } from './product.ts';

export default driverOf(valkey, {
  about: 'Valkey 7.2 and later: snapshots (RDB), append-only file (AOF)',
  dataFolders: ['/data', '/var/lib/valkey', '/bitnami/valkey/data'],
  images: ['valkey/valkey', 'bitnami/valkey'],
});
