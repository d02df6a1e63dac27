import { describe, expect, it } from 'vitest';
import { inStrategy, refusal } from './plan-files.ts';

describe('a strategy or a stack that does not fit is refused, with its place', () => {
  it.each([
    [
      'an alert about an unknown component',
      inStrategy(
        'stores:',
        'alerts: { errors: { when: error-rate, above: 5%, over: 1m, of: stor } }\nstores:',
      ),
      /^strategy\.yaml:\d+:\d+ unknown component "stor" .*did you mean "store"\?$/,
    ],
    [
      'a threshold without its unit',
      inStrategy('stores:', 'alerts: { errors: { when: error-rate, above: 5, over: 1m } }\nstores:'),
      /^strategy\.yaml:\d+:\d+ .* a share such as 5% or 99\.9%/,
    ],
    [
      'a target that leaves no budget',
      inStrategy('stores:', 'slo: { availability: 100%, over: 30d }\nstores:'),
      /less than 100%/,
    ],
    [
      'a retention that is none',
      inStrategy('every: 5m,', 'every: 5m, keep: { points: 0 },'),
      /^strategy\.yaml:9:\d+ .*/,
    ],
    [
      'an unknown driver',
      inStrategy('driver: redis', 'driver: reddis'),
      /^strategy\.yaml:5:13 unknown value "reddis" .*did you mean "redis"\?$/,
    ],
    [
      'an unknown method',
      inStrategy('method: rdb', 'method: rbd'),
      /^strategy\.yaml:9:\d+ unknown value "rbd" .*did you mean "rdb"\?$/,
    ],
    [
      'a method of another driver',
      inStrategy('method: rdb', 'method: dump'),
      /^strategy\.yaml:9:27 unknown method of driver redis "dump"/,
    ],
    [
      'an unknown unit',
      inStrategy('every: 5m', 'every: 5min'),
      /^strategy\.yaml:9:\d+ .* \| "5min" \| a duration with its unit/,
    ],
    [
      'a snapshot without an interval',
      inStrategy('every: 5m, ', ''),
      /^strategy\.yaml:9:7 backup "snapshot" takes snapshots and says no interval/,
    ],
    [
      'a log with an interval',
      inStrategy('method: binlog,', 'method: binlog, every: 5m,'),
      /backup "log" follows a log and has no interval/,
    ],
    [
      'an unknown service',
      inStrategy('service: front\n', 'service: fornt\n'),
      /^strategy\.yaml:\d+:\d+ unknown service "fornt" .*did you mean "front"\?$/,
    ],
    [
      'clients of an unknown service',
      inStrategy('service: front,', 'service: fornt,'),
      /unknown service "fornt"/,
    ],
    [
      'an unknown copy',
      inStrategy('copies: [here]', 'copies: [hare]'),
      /^strategy\.yaml:9:\d+ unknown store "hare" .*did you mean "here"\?$/,
    ],
    [
      'an unknown kind of store',
      inStrategy('kind: directory', 'kind: directry'),
      /unknown value "directry" .*did you mean "directory"\?$/,
    ],
    [
      'an unknown setting of a store',
      inStrategy('there: { kind: directory', 'there: { kind: directory, bukket: x'),
      /^strategy\.yaml:\d+:\d+ unknown key "bukket"/,
    ],
    [
      'a compose file that is not there',
      inStrategy('./compose.yml', './compse.yml'),
      /^strategy\.yaml:2:8 there is no compose file/,
    ],
    [
      'a compose file that does not parse',
      { compose: (): string => 'services: {a: {image: x}' },
      /compose\.yml:\d+:\d+ /,
    ],
    [
      'a driver whose required settings are left out altogether',
      inStrategy('driver: mysql\n', 'driver: http\n'),
      /^strategy\.yaml:\d+:\d+ "\w+" is missing/,
    ],
    [
      'settings that are nothing',
      inStrategy('driver: mysql\n', 'driver: http\n    config:\n'),
      /^strategy\.yaml:\d+:\d+ /,
    ],
    [
      'a value that contains itself',
      inStrategy('stores:', 'stores: &s\n  all: { kind: directory, of: *s }'),
      /^strategy\.yaml:\d+:\d+ \*s refers to what it stands in/,
    ],
    [
      'a merge key that merges nothing',
      { compose: (): string => 'services:\n  store: { image: redis }\n  front:\n    <<: 5\n' },
      /compose\.yml:4:9 << merges nothing/,
    ],
    [
      'a component that every object has',
      inStrategy('stores:', 'slo: { availability: 99%, over: 30d, of: constructor }\nstores:'),
      /^strategy\.yaml:\d+:\d+ unknown component "constructor"/,
    ],
  ] as const)('%s', async (_, change, expected) => {
    expect(await refusal(change)).toMatch(expected);
  });
});
