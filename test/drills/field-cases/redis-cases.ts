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
  alter?: { file: string; from: string; to: string };
  exitCode: 0 | 1;
  red: string[];
  says?: Record<string, RegExp>;
}

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
      from: '--save "" --appendonly no',
      to: '--appendonly yes --appendfsync always',
    },
    says: { 'check/replica.follows': /that it held then, [1-9]\d* are as they were, .* redis has/ },
  },
];
