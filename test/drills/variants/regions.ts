import { swap, type Variant } from './variant.ts';

export const variants: Variant[] = [
  {
    scenario: 'regions/primary-region-lost-blackhole',
    why: 'a copy is fetched from a store that lies in the lost region',
    change: (files) => ({
      ...files,
      strategy: swap(
        swap(
          files.strategy,
          '    holds: the replica of redis in the second region\n',
          '    holds: the replica of redis in the second region\n    backups: { snapshot: { method: rdb, every: 5m, copies: [nearby] } }\n',
        ),
        'stores:\n',
        'stores:\n  nearby: { kind: directory, region: west }\n',
      ),
      scenario: swap(
        swap(files.scenario, 'fault:', 'protect: [redis-east.snapshot]\nfault:'),
        '  - { run: promote, target: redis-east }\n',
        '  - { run: promote, target: redis-east }\n  - { restore: redis-east, from: nearby }\n',
      ),
    }),
    expect: { exitCode: 1, fails: ['region/west'] },
  },
  {
    scenario: 'regions/primary-region-lost-dead',
    why: "the clients' way in is not moved",
    long: true,
    change: (files) => ({
      ...files,
      scenario: `${files.scenario.replaceAll(/ {2}- \{ run: failover, .*\n/g, '')}giveUp: 5s\n`,
    }),
    expect: { exitCode: 1, fails: ['recovery', 'rto/mysql', 'rto/redis'] },
  },
  {
    scenario: 'regions/split-brain-refused',
    why: 'nobody fences the old primaries',
    change: (files) => ({ ...files, scenario: files.scenario.replaceAll(/ {2}- \{ run: fence, .*\n/g, '') }),
    expect: { exitCode: 1, fails: ['check/mysql.refuses-writes'] },
  },
  {
    scenario: 'regions/region-lost-with-lag',
    why: 'more is lost than was promised',
    change: (files) => ({ ...files, strategy: files.strategy.replaceAll('rpo: 15m', 'rpo: 1s') }),
    expect: { exitCode: 1, fails: ['rpo/mysql', 'rpo/redis'] },
  },
];
