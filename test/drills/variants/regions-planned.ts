import { swap, type Variant } from './variant.ts';

/** The link between the regions becomes slow shortly before everything is closed. */
const lagging = (scenario: string): string =>
  swap(scenario, 'fault:\n', 'fault:\n  - { latency: way, proxy: mysql-link, delay: 2s, at: +2s }\n');
const without = (scenario: string, ...lines: string[]): string =>
  lines.reduce((text, line) => swap(text, `  - ${line}\n`, ''), scenario);

export const variants: Variant[] = [
  {
    scenario: 'regions/switchover',
    why: 'the replica is promoted without having caught up, and the link was slow',
    change: ({ scenario, ...files }) => {
      const asynchronous = swap(
        swap(scenario, ', semiSync: true, fallbackAfter: 1s', ''),
        'mysql.semi-sync, ',
        '',
      );
      return {
        ...files,
        scenario: without(
          lagging(asynchronous),
          '{ run: catch-up, target: mysql-east }',
          '{ run: rejoin, target: mysql, with: { source: mysql-east } }',
        ),
      };
    },
    expect: { exitCode: 1, fails: ['rpo/mysql'] },
  },
  {
    scenario: 'regions/switchover',
    why: 'the source fell back to asynchronous replication before the switchover, in which nothing is lost all the same',
    change: ({ scenario, ...files }) => ({ ...files, scenario: lagging(scenario) }),
    expect: { exitCode: 1, fails: ['check/mysql.semi-sync'] },
  },
  {
    scenario: 'regions/switchover-and-failback',
    why: 'the old primaries are opened again as they were left',
    change: ({ scenario, ...files }) => {
      const naive = without(
        scenario,
        '{ run: rejoin, target: mysql, with: { source: mysql-east } }',
        '{ run: rejoin, target: redis, with: { source: redis-east } }',
        '{ run: catch-up, target: mysql }',
        '{ run: catch-up, target: redis }',
      );
      return {
        ...files,
        scenario: swap(
          swap(naive, 'run: promote, target: mysql }', 'run: reopen, target: mysql }'),
          'run: promote, target: redis }',
          'run: reopen, target: redis }',
        ),
      };
    },
    expect: { exitCode: 1, fails: ['rpo/mysql'] },
  },
];
