import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Attached, CheckOutcome } from '../../../core/driver.ts';
import { mysqlStackUp, type MysqlStack } from '../mysql-stack.ts';
import { madeIn, otherZone, zones } from './zone-cases.ts';

let stack: MysqlStack;
let attached: Attached;

beforeAll(async () => {
  stack = await mysqlStackUp();
  attached = await stack.attach();
});
afterAll(() => stack?.down());

const inZone = (zone: string, statements: readonly string[]): Promise<unknown> =>
  stack.sql(`SET SESSION time_zone = '${zone}'`, ...statements);
const inventory = () => attached.checks['inventory']!;
const hostZone = async (zone: string): Promise<void> => {
  const { code, stderr } = await stack.service.exec(
    ['ln', '-sf', `/usr/share/zoneinfo/${zone}`, '/etc/localtime'],
    { user: 'root' },
  );
  expect(code, stderr).toBe(0);
  await attached.actions['restart']!({});
};

beforeEach(() => stack.sql('CREATE DATABASE IF NOT EXISTS app', 'DROP TABLE IF EXISTS app.visit, app.copy'));

const judged = (outcome: CheckOutcome, red: RegExp | null): void => {
  expect(outcome, outcome.detail).toMatchObject({ verdict: red === null ? 'pass' : 'fail' });
  if (red !== null) expect(outcome.detail).toMatch(red);
};

describe('what was written in another zone than it comes back in', () => {
  test.each(zones)('$name', async ({ made, again, red }) => {
    await inZone(madeIn, made);
    const baseline = await inventory().before!();
    await inZone(again.zone, again.statements);
    judged(await inventory().after(baseline, null, await inventory().justBefore!()), red);
  });
});

describe('the zone of the server', () => {
  afterEach(() => hostZone('Etc/UTC'));
  test(otherZone, async () => {
    await inZone(madeIn, zones[0]!.made);
    const baseline = await inventory().before!();
    await hostZone('Asia/Tokyo');
    judged(
      await inventory().after(baseline, null, null),
      /zone of the server, by which 2026-01-01 00:00 UTC: 2026-01-01 09:00:00, was 2026-01-01 00:00:00/,
    );
  });
});
