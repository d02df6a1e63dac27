import { beforeEach, describe, expect, test } from 'vitest';
import { oneServer } from '../../support/server-rig.ts';
import { mysqlStackUp } from '../mysql-stack.ts';
import { events, schedulerOff, type EventCase } from './event-cases.ts';

/** What a server does by its own clock, after the recovery. */
const { stack, attached } = oneServer(mysqlStackUp, (stack) =>
  stack.attach({ volatileTables: ['app.armed', 'app.seen'] }),
);

beforeEach(async () => {
  await stack.sql(
    'RESET PERSIST',
    'SET GLOBAL event_scheduler = ON',
    'DROP EVENT IF EXISTS sys.purge',
    'DROP DATABASE IF EXISTS app',
    'CREATE DATABASE app',
    'CREATE TABLE app.roles (id INT PRIMARY KEY, name VARCHAR(20))',
    "INSERT INTO app.roles VALUES (1, 'member'), (2, 'admin')",
    'CREATE TABLE app.seen (id INT AUTO_INCREMENT PRIMARY KEY)',
    'CREATE TABLE app.armed (id INT PRIMARY KEY)',
  );
});

const isOver = async (name: string): Promise<boolean> => {
  const there = await stack.sql(
    `SELECT 1 FROM information_schema.events WHERE event_schema = 'app' AND event_name = '${name}' AND status = 'ENABLED'`,
  );
  return there.length === 0;
};

async function judged({ event, after, red, remark, untilOver }: EventCase): Promise<void> {
  const inventory = attached.checks['inventory']!;
  await stack.sql(event);
  const baseline = await inventory.before!();
  const justBefore = await inventory.justBefore!();
  if (after.length > 0) await stack.sql(...after);
  if (untilOver) await expect.poll(() => isOver(untilOver), { timeout: 60_000 }).toBe(true);
  const outcome = await inventory.after(baseline, null, justBefore);
  expect(outcome, outcome.detail).toMatchObject({ verdict: red === null ? 'pass' : 'fail' });
  if (red !== null) expect(outcome.detail).toMatch(red);
  if (remark) expect((outcome.facts as { remarks: string[] }).remarks.join('; ')).toMatch(remark);
}

describe('an event', { timeout: 120_000 }, () => {
  test.each(events)('$name', judged);
  test.each(schedulerOff)('with the scheduler off: $name', async (one) => {
    await stack.sql('SET GLOBAL event_scheduler = OFF');
    await judged(one);
  });
});
