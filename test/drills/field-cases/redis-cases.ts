/**
 * What became of Redis for people, as they would run it. `alter`: what the control has otherwise in the
 * compose file. `red`: the findings that must fail, and no other does; `says`: words of a finding, by its id.
 */
export interface RedisCase {
  name: string;
  scenario: string;
  /** Commands given before the drill notes its baseline. */
  commands?: string;
  script?: string;
  alter?: { file: string; changes: [from: string, to: string][] };
  /** Variables of the compose file. */
  env?: Record<string, string>;
  /** It is drilled at each of these moments, comes back from each, and what each lost is told. */
  moments?: string[];
  exitCode: 0 | 1;
  red: string[];
  /** What may be red as well: by which of the restarts of a server that cannot start it is asked. */
  mayBeRed?: string[];
  says?: Record<string, RegExp>;
}

const followsRedis = /that it held then, [1-9]\d* are as they were, .* redis has/;
const emptied = /all that there was at the fault/;

export const redisCases: RedisCase[] = [
  {
    name: 'F22, a script that copies database 0 and says done',
    scenario: 'redis.scripts',
    commands: 'F22',
    script: 'F22',
    exitCode: 1,
    red: ['check/redis.inventory'],
    says: {
      'check/redis.inventory':
        /database 1: session \(string\): 1 keys .* 1 of them missing; database 5: queue \(list\): 1 keys .* 1 of them missing/,
    },
  },
  {
    name: 'F22, its control with nothing beside database 0',
    scenario: 'redis.scripts',
    commands: 'F22.only-0',
    script: 'F22',
    exitCode: 0,
    red: [],
  },
  {
    name: "F22, its control with Muster's own snapshot",
    scenario: 'F22',
    commands: 'F22',
    exitCode: 0,
    red: [],
    says: { 'check/redis.inventory': /4 keys of the application in 3 databases/ },
  },
  {
    name: 'F20, an archive of a running folder whose manifest names what is not in it',
    scenario: 'F20',
    // At one of its moments: whoever asks a server that does not come up waits for each answer.
    alter: { file: 'F20.yaml', changes: [['sweep: [+6s, +6.7s, +7.4s]\n', '']] },
    env: { CASE_TORN: 'yes' },
    exitCode: 1,
    red: ['ready-at-end/redis', 'recovery', 'rto/drill', 'rto/redis', 'service/tokens'],
    mayBeRed: ['still-there/stop/redis', 'undo/undo stop of redis'],
    says: { recovery: /was started and does not answer as ready/ },
  },
  {
    name: 'F20, its control in which nothing is rewritten while it is packed',
    scenario: 'F20',
    alter: {
      file: 'F20.compose.yml',
      changes: [['--auto-aof-rewrite-percentage 10', '--auto-aof-rewrite-percentage 0']],
    },
    // One of several moments: a single one that came back would prove little.
    moments: ['+6s', '+6.7s', '+7.4s'],
    exitCode: 0,
    red: [],
  },
  {
    name: 'F25, an empty primary empties its replica',
    scenario: 'F25',
    exitCode: 1,
    red: ['check/replica.follows', 'rpo/redis', 'rto/drill', 'rto/redis', 'service/tokens'],
    says: {
      'rpo/redis': emptied,
      'check/replica.follows':
        /replica was a replica of redis .* 0 are as they were, .* are gone; redis has .* It followed redis into the loss/,
    },
  },
  {
    name: 'F25, its control with an append-only file',
    scenario: 'F25',
    exitCode: 0,
    red: [],
    alter: {
      file: 'F25.compose.yml',
      changes: [['--save "" --appendonly no', '--appendonly yes --appendfsync always']],
    },
    says: { 'check/replica.follows': followsRedis },
  },
  {
    name: "F25, its control with an append-only file, whose primary the replica knows by its container's name",
    scenario: 'F25',
    exitCode: 0,
    red: [],
    alter: {
      file: 'F25.compose.yml',
      changes: [
        [
          'command: redis-server --save "" --appendonly no',
          'container_name: redis-master\n    command: redis-server --save "" --appendonly yes --appendfsync always',
        ],
        ['--replicaof redis 6379', '--replicaof redis-master 6379'],
      ],
    },
    says: { 'check/replica.follows': followsRedis },
  },
];
