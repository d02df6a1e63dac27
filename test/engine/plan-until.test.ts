import { describe, expect, it } from 'vitest';
import { plan, refusal } from './plan-files.ts';

const replayed = (until: string) => ({
  scenario: (text: string) =>
    text
      .replace('[store.snapshot]', '[store.snapshot, base.daily, base.log]')
      .replace(
        'recover: [{ restore: store, from: here }]',
        `recover:\n  - { restore: base, from: here }\n  - { replay: base.log, from: here${until} }`,
      ),
});

describe('what a log is stopped at is held against the method that replays it', () => {
  it.each([
    ['nothing', ''],
    ['its end', ', until: latest'],
    ['a GTID', ", until: { beforeGtid: '3e11fa47-71ca-11e1-9e33-c80aa9429562:23' }"],
    ['a statement', ", until: { beforeStatement: 'DROP TABLE' }"],
    ['a time', ', until: { beforeTime: "2026-01-31T12:00:00Z" }'],
    ['a position', ', until: { beforePosition: { file: binlog.000002, position: 4 } }'],
  ])('%s is taken', async (_, until) => {
    expect((await plan(replayed(until))).scenario.recover).toHaveLength(2);
  });
  it.each([
    [
      'a stop that the method does not know, with the nearest one',
      '{ beforeGtd: x }',
      /^scenario\.yaml:10:46 names no place to stop at \| beforeGtd \| one of beforeGtid, beforeStatement, .* \| did you mean "beforeGtid"\?$/,
    ],
    [
      'a stop of another system',
      '{ beforeEntry: 7 }',
      /^scenario\.yaml:10:46 names no place to stop at \| beforeEntry \| one of beforeGtid, /,
    ],
    [
      'two stops',
      '{ beforeGtid: x, beforeTime: y }',
      /^scenario\.yaml:10:46 names more than one place to stop at: beforeGtid, beforeTime/,
    ],
    [
      'a GTID that is none',
      '{ beforeGtid: last }',
      /^scenario\.yaml:10:58 .*\| "last" \| a GTID, as uuid:number/,
    ],
    [
      'a pattern that is none',
      "{ beforeStatement: '(' }",
      /^scenario\.yaml:10:63 .*\| "\(" \| a regular expression/,
    ],
    [
      'a time that is none',
      '{ beforeTime: noon }',
      /^scenario\.yaml:10:58 .*\| "noon" \| UTC, as 2026-01-31T/,
    ],
    [
      'a position without its file',
      '{ beforePosition: { position: 4 } }',
      /^scenario\.yaml:10:62 "file" is missing/,
    ],
    [
      'a key beside those of a position',
      '{ beforePosition: { file: a, position: 4, ofset: 2 } }',
      /^scenario\.yaml:10:86 unknown key "ofset" \| ofset \| one of file, position/,
    ],
    ['a word', 'soon', /^scenario\.yaml:10:44 .*\| "soon" \| `latest`, or one of before/],
  ])('%s is refused, with its place', async (_, until, reason) => {
    expect(await refusal(replayed(`, until: ${until}`))).toMatch(reason);
  });
});
