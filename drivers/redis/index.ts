import { driverOf } from './family.ts';
import { redis } from './product.ts';

export default driverOf(redis, {
  about: 'Redis 7.2 and later: snapshots (RDB), append-only file (AOF)',
  dataFolders: ['/data', '/var/lib/redis', '/bitnami/redis/data'],
  images: ['redis', 'bitnami/redis', 'redis/redis-stack', 'redis/redis-stack-server'],
});
