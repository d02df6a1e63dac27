import { describe, expect, test } from 'vitest';
import type { DataClient, DataWorkload } from '../../core/workload.ts';
import { OperationError } from '../../core/ledger.ts';
import { differences, History } from './workload-history.ts';

/** A client whose answers are written down here: what the history must make of them is the test. */
const answering = (answer: () => void): DataClient => ({
  write: async () => answer(),
  read: async () => null,
  remove: async () => undefined,
  close: async () => undefined,
});
const workload: DataWorkload = {
  kind: 'data',
  groupSize: 2,
  neverReturn: false,
  prepare: async () => undefined,
  open: async () => {
    throw new Error('not opened');
  },
  readBack: async () => undefined,
};
const acknowledge = answering(() => undefined);
const refuse = answering(() => {
  throw new OperationError('refused', true);
});
const lose = answering(() => {
  throw new OperationError('lost', false);
});

describe("the conformance suite's own ledger", () => {
  const written = async (...clients: DataClient[]): Promise<History> => {
    const history = new History(workload, 0);
    for (const client of clients) await history.write(client, 0);
    return history;
  };
  const group = (value: string | null, second = value): Map<number, string> =>
    new Map(
      [
        [0, value],
        [1, second],
      ].filter((entry): entry is [number, string] => entry[1] !== null),
    );

  test.for<[string, DataClient[], Map<number, string>, boolean, number]>([
    ['the acknowledged value is right', [acknowledge], group('g0v1'), true, 0],
    ['an acknowledged value that is gone is wrong', [acknowledge], group(null), true, 1],
    ['… but not where nothing durable was promised', [acknowledge], group(null), false, 0],
    ['an older acknowledged value is wrong', [acknowledge, acknowledge], group('g0v1'), true, 1],
    ['an uncertain value may be there', [acknowledge, lose], group('g0v2'), true, 0],
    ['an uncertain value may be missing', [acknowledge, lose], group('g0v1'), true, 0],
    ['a value refused with certainty must not be there', [acknowledge, refuse], group('g0v2'), true, 1],
    ['… even where nothing durable was promised', [acknowledge, refuse], group('g0v2'), false, 1],
    ['a group of two values is torn', [acknowledge, lose], group('g0v1', 'g0v2'), true, 1],
    ['half a group is torn', [lose], group('g0v1', null), true, 1],
  ])('%s', async ([, clients, read, durable, violations]) => {
    expect((await written(...clients)).violations(read, durable)).toHaveLength(violations);
  });

  test('differences are told both ways', () => {
    expect(
      differences(
        new Map([
          [1, 'a'],
          [2, 'b'],
        ]),
        new Map([
          [1, 'a'],
          [3, 'c'],
        ]),
      ),
    ).toEqual(['2: b, expected nothing', '3: nothing, expected c']);
    expect(differences(new Map([[1, 'a']]), new Map([[1, 'a']]))).toEqual([]);
  });
});
