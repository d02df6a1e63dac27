import { swap, type Variant } from './variant.ts';

export const variants: Variant[] = [
  {
    scenario: 'reference/mysql-crash-mid-transaction',
    why: 'there is no restart policy',
    change: (files) => ({
      ...files,
      stack: swap(
        files.stack,
        '"127.0.0.1::3306"]\n    restart: unless-stopped',
        '"127.0.0.1::3306"]\n    restart: "no"',
      ),
      scenario: `${files.scenario}giveUp: 5s\n`,
    }),
    expect: { exitCode: 1, fails: ['rto/mysql'] },
  },
  {
    scenario: 'reference/mysql-stale-page',
    why: 'nobody restores it',
    change: (files) => ({
      ...files,
      scenario: files.scenario
        .replace(/recover:\n( {2}- .*\n)+/, 'recover: automatic\n')
        .replace('giveUp: 20s', 'giveUp: 5s'),
    }),
    expect: { exitCode: 1, fails: ['integrity/orders/duplicated'] },
  },
  {
    scenario: 'reference/redis-ransomware',
    why: 'the only copy that is tried is the one on the same machine',
    change: (files) => ({
      ...files,
      scenario: swap(files.scenario, 'from: [volume, offsite]', 'from: volume'),
    }),
    expect: { exitCode: 1, fails: ['recovery', 'rpo/redis', 'rto/redis'] },
  },
  {
    scenario: 'reference/bucket-emptied',
    why: 'there is no other copy',
    change: (files) => ({
      ...files,
      scenario: swap(files.scenario, 'from: [offsite, volume]', 'from: offsite'),
    }),
    expect: { exitCode: 1, fails: ['recovery', 'rpo/redis', 'rto/redis'] },
  },
  {
    scenario: 'reference/object-corrupted',
    why: 'there is no other copy',
    change: (files) => ({
      ...files,
      scenario: swap(files.scenario, 'from: [offsite, volume]', 'from: offsite'),
    }),
    expect: { exitCode: 1, fails: ['recovery', 'rpo/redis', 'rto/redis'] },
  },
  {
    scenario: 'reference/backup-key-lost',
    why: 'the key is lost after the last backup',
    change: (files) => ({
      ...files,
      scenario: swap(
        files.scenario,
        'rotate-key-lost: offsite, at: backup.durable',
        'rotate-key-lost: offsite, at: restore.begun',
      ),
    }),
    expect: { exitCode: 1, fails: ['recovery', 'rpo/redis', 'rto/redis'] },
  },
  {
    scenario: 'reference/newest-backup-poisoned',
    why: 'the newest point is restored, which holds the damage',
    change: (files) => ({
      ...files,
      scenario: `${swap(files.scenario, 'restore: mysql, from: offsite }', 'restore: mysql, from: offsite, point: newest }').replace(/until: \{.*\} \}/, 'until: latest }')}giveUp: 10s\n`,
    }),
    // Whether a log-in with a damaged hash is among the last twenty is chance: no RTO here.
    expect: {
      exitCode: 1,
      fails: ['check/app.probes', 'check/mysql.inventory', 'still-there/corrupt-rows/mysql'],
    },
  },
  {
    scenario: 'reference/crash-during-restore',
    why: 'the recovery is not run again',
    long: true,
    change: (files) => ({ ...files, scenario: swap(files.scenario, 'attempts: 2\n', 'giveUp: 20s\n') }),
    expect: { exitCode: 1, fails: ['recovery', 'rto/mysql'] },
  },
  {
    scenario: 'reference/crash-during-backup',
    why: 'Redis keeps nothing on its disk but its snapshots: what was revoked since the last one is accepted again',
    change: (files) => ({
      ...files,
      stack: swap(files.stack, '--appendonly, "yes"', '--appendonly, "no"').replace(
        '--save, 900 1 300 10 60 10000',
        '--save, ""',
      ),
      // Before the next snapshot is on its disk: at the upload too little was revoked since.
      scenario: swap(
        swap(files.scenario, 'rate: 10/s }', 'rate: 10/s, volatile: true }'),
        'at: backup.uploading',
        'at: backup.begun',
      ),
    }),
    expect: { exitCode: 1, fails: ['integrity/logins/resurrected'] },
  },
  {
    scenario: 'remote-store/backup-store-slow',
    why: 'it is so slow that the RPO is missed',
    long: true,
    change: (files) => ({
      ...files,
      scenario: swap(
        swap(swap(files.scenario, 'delay: 300ms', 'delay: 10s'), 'at: +18s', 'at: +42s'),
        'recover: [',
        'recover: [{ run: reset-way }, ',
      ),
    }),
    expect: { exitCode: 1, fails: ['rpo/redis'] },
  },
  {
    scenario: 'reference/redis-flushall',
    why: 'nothing is restored: the mistake is in the append-only file',
    change: (files) => ({
      ...files,
      scenario: swap(files.scenario, '  - { restore: redis, from: offsite }\n', ''),
    }),
    expect: { exitCode: 1, fails: ['rpo/redis', 'rto/redis'] },
  },
  {
    scenario: 'reference/redis-crash',
    why: 'there is no restart policy',
    change: (files) => ({
      ...files,
      stack: files.stack.replace(/("127\.0\.0\.1::6379"\]\n {4}restart: )unless-stopped/, '$1"no"'),
      scenario: `${files.scenario}giveUp: 5s\n`,
    }),
    expect: { exitCode: 1, fails: ['rto/redis'] },
  },
  {
    scenario: 'reference/offsite-store-down-during-restore',
    why: 'there is no other copy',
    change: (files) => ({
      ...files,
      scenario: swap(files.scenario, 'from: [offsite, volume]', 'from: offsite'),
    }),
    expect: { exitCode: 1, fails: ['recovery', 'rpo/redis', 'rto/redis'] },
  },
  {
    scenario: 'reference/mysql-pages-corrupted',
    why: 'it is restarted, and nothing is restored',
    change: (files) => ({
      ...files,
      scenario: `${files.scenario.replace(/recover:\n( {2}- .*\n)+/, 'recover: automatic\n')}giveUp: 5s\n`,
    }),
    expect: { exitCode: 1, fails: ['check/app.probes'] },
  },
  {
    scenario: 'reference/mysql-pages-corrupted',
    // The base is seconds old here and a day old in real life: what was lost beside it is next to nothing.
    why: 'the replay stops before the first write of the log',
    change: (files) => ({
      ...files,
      scenario: files.scenario.replace('until: latest', 'until: { beforeStatement: BEGIN }'),
    }),
    expect: { exitCode: 1, fails: ['rpo/mysql'] },
  },
  {
    scenario: 'postgres/postgres-volume-lost',
    // The shop is there again, as it was at the very beginning: only what clients wrote since is not.
    why: 'the container makes a new cluster with the shop in it, and nobody restores anything',
    change: (files) => ({
      ...files,
      scenario: `${swap(files.scenario, 'recover: [{ restore: db, from: volume }]', 'recover: automatic')}giveUp: 5s\n`,
    }),
    expect: { exitCode: 1, fails: ['rto/db'] },
  },
  {
    scenario: 'postgres/postgres-pages-corrupted',
    why: 'the server goes on, and nobody restores anything',
    change: (files) => ({
      ...files,
      scenario: `${swap(files.scenario, 'recover: [{ restore: db, from: volume }]', 'recover: automatic')}giveUp: 5s\n`,
    }),
    expect: { exitCode: 1, fails: ['check/db.inventory'] },
  },
  {
    scenario: 'reference/mysql-dropped-table',
    why: 'the log is replayed past the mistake',
    change: (files) => ({
      ...files,
      scenario: `${files.scenario.replace(/until: \{.*\} \}/, 'until: latest }')}giveUp: 10s\n`,
    }),
    expect: { exitCode: 1, fails: ['check/mysql.inventory', 'rto/app'] },
  },
  {
    scenario: 'bounded/mysql-disk-full',
    // A server that dies of it, and is started again, finds some room in what it then removes of its own.
    why: 'nobody makes room, or starts it again',
    change: (files) => ({
      ...files,
      stack: swap(
        files.stack,
        '"127.0.0.1::3306"]\n    depends_on: [keeper]\n    restart: unless-stopped',
        '"127.0.0.1::3306"]\n    depends_on: [keeper]\n    restart: "no"',
      ),
      scenario: `${files.scenario.replace(/recover:\n( {2}- .*\n)+/, 'recover: automatic\n')}giveUp: 5s\n`,
    }),
    expect: { exitCode: 1, fails: ['rto/mysql'] },
  },
];
