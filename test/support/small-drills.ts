import { inRepository } from './real-drill.ts';

type Text = Record<string, unknown>;

/**
 * Short: a backup as often as this machine can, and no long wait for what never comes. Two points where one
 * is restored: the first is taken as the load begins, and may hold nothing.
 */
const common = { title: 'A drill of a test', giveUp: '6s' };

/**
 * Every four seconds however slow a backup is, and so long until the fault that it is not explained by what a
 * busy machine needs to make one durable.
 */
export const missedRuns = { timeScale: 75, offset: '+25s' };

/** Redis with its append-only file, backed up by snapshots to a folder and to S3. */
export const redisStrategy = (): Text => ({
  strategy: 'redis-alone',
  stack: inRepository('test/fixtures/stacks/redis.compose.yml'),
  components: {
    redis: {
      driver: 'redis',
      clients: { service: 'toxiproxy', port: 6379 },
      objectives: { rto: '5m', rpo: '15m' },
      backups: {
        snapshot: { method: 'rdb', every: '5m', encrypt: 'aes-256', copies: ['volume', 'offsite'] },
      },
    },
  },
  stores: { volume: { kind: 'directory' }, offsite: { kind: 's3', service: 's3-west', bucket: 'backups' } },
});

/** The volume is lost just before the next snapshot is durable, and the one before is restored from S3. */
export const redisScenario = (change: Text = {}): Text => ({
  scenario: 'redis-alone',
  ...common,
  load: { tokens: { target: 'redis', rate: '500/s' } },
  protect: ['redis.snapshot'],
  points: 2,
  fault: { 'wipe-volume': 'redis', at: 'worst' },
  recover: [{ restore: 'redis', from: 'offsite' }],
  check: ['ledger'],
  ...change,
});

/** MySQL, backed up by dumps to a folder. */
export const mysqlStrategy = (config: Text = {}): Text => ({
  strategy: 'mysql-alone',
  stack: inRepository('test/fixtures/mysql.compose.yml'),
  components: {
    mysql: {
      driver: 'mysql',
      clients: { service: 'toxiproxy', port: 3306 },
      objectives: { rto: '5m', rpo: '15m' },
      config,
      backups: { dump: { method: 'dump', every: '5m', encrypt: 'aes-256', copies: ['volume'] } },
    },
  },
  stores: { volume: { kind: 'directory' } },
});

export const mysqlScenario = (change: Text = {}): Text => ({
  scenario: 'mysql-alone',
  ...common,
  load: { orders: { target: 'mysql', rate: '100/s' } },
  protect: ['mysql.dump'],
  points: 1,
  fault: { 'wipe-volume': 'mysql', at: 'worst' },
  recover: [{ restore: 'mysql', from: 'volume' }],
  check: ['ledger', 'mysql.inventory'],
  ...change,
});
