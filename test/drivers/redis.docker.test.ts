import type { Redis } from 'ioredis';
import { everyFault } from '../../core/registries.ts';
import redis from '../../drivers/redis/index.ts';
import { faults } from '../../faults/index.ts';
import { everything } from '../support/tier.ts';
import { driverConformance } from '../suites/driver-conformance.ts';
import { inertService } from '../suites/inert-service.ts';
import { emptyVolume } from './empty-volume.ts';
import { redisStackUp, type RedisStack } from './redis-stack.ts';
import { rigOf, type Conformance, type FaultCase, type Rig } from '../suites/suite.ts';

let stack: RedisStack;

const setup = (name: 'redis' | 'plain') => async (): Promise<Rig> => {
  stack = await redisStackUp();
  const attached = await stack.attach(name);
  const inert = await stack.attach(name, inertService(stack.service(name)));
  return rigOf(attached, inert, () => stack.down());
};

const direct = async <T>(name: 'redis' | 'plain', work: (connection: Redis) => Promise<T>): Promise<T> => {
  const connection = await stack.connect(name);
  return work(connection).finally(() => connection.disconnect());
};

const conformance = (
  name: 'redis' | 'plain',
): Pick<
  Conformance,
  'driver' | 'setup' | 'inertFaults' | 'mend' | 'others' | 'checks' | 'actions' | 'elsewhere'
> => ({
  driver: redis,
  setup: setup(name),
  // FLUSHALL and CONFIG SET go straight to the server; the witness of the first is tried without an effect in
  // test/drivers/operator.docker.test.ts.
  inertFaults: Object.keys(everyFault({ faults, drivers: { redis } })).filter(
    (name) => name !== 'flush-all' && name !== 'closed-for-writes',
  ),
  mend: () => emptyVolume(stack.service(name)),
  others: () => stack.others(name),
  elsewhere: {
    names: ['replicate', 'catch-up', 'promote', 'fence', 'rejoin', 'reopen', 'follows'],
    file: 'drivers/replicas.docker.test.ts',
  },
  checks: {
    'refuses-writes': {
      prepare: async () =>
        void (await direct(name, (connection) => connection.config('SET', 'min-replicas-to-write', 9))),
      spoil: async () =>
        void (await direct(name, (connection) => connection.config('SET', 'min-replicas-to-write', 0))),
    },
    ttl: {
      spoil: async () =>
        void (await direct(name, (connection) => connection.persist(`muster-drill:${name}:ttl:1`))),
    },
    inventory: {
      prepare: async () =>
        void (await direct(name, (connection) => connection.mset('user:1', 'a', 'user:2', 'b'))),
      spoil: async () => void (await direct(name, (connection) => connection.del('user:2'))),
    },
  },
  actions: {
    start: {
      params: {},
      prepare: () => stack.service(name).stop(),
      seen: async () => ((await stack.service(name).state()).status === 'running' ? 'running' : null),
    },
  },
});

const onTheDiskOfTheHost = { refused: /shares with the host/ };
const everyFile: FaultCase[] = [
  { name: 'of the base' },
  { name: 'of the increment', params: { file: 'log' } },
  { name: 'of the increment, under the running server', params: { file: 'log', restart: false } },
];
const snapshot: FaultCase = {
  name: 'of the snapshot',
  prepare: async () => void (await direct('plain', (connection) => connection.save())),
};
const noSnapshot: FaultCase = { name: 'before there is a snapshot', refused: /no snapshot yet/ };
const nothing: FaultCase = { name: 'before there is a file', refused: /holds no files/ };
const noLog: FaultCase = {
  name: 'of a log that there is not',
  params: { file: 'log' },
  refused: /writes no log/,
};

driverConformance({
  ...conformance('redis'),
  name: 'redis with an append-only file',
  durable: true,
  triesGeneric: true,
  restores: { rdb: [{}, { order: 'preload' }, { order: 'base' }] },
  faults: {
    'flip-bits': everyFile,
    'truncate-file': everyFile,
    'delete-file': everyFile,
    'disk-full': [onTheDiskOfTheHost],
  },
});
if (everything)
  driverConformance({
    ...conformance('plain'),
    name: 'redis with snapshots alone',
    methods: ['rdb'],
    durable: false,
    restores: { rdb: [{}, { order: 'copy' }] },
    faults: {
      'flip-bits': [snapshot, noLog],
      'truncate-file': [snapshot],
      'delete-file': [noSnapshot, snapshot],
      'encrypt-volume': [nothing, snapshot],
      'disk-full': [onTheDiskOfTheHost],
    },
  });
