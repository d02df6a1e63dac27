import { expect, test } from 'vitest';
import type { Json } from '../../../core/timeline.ts';
import { suffer } from '../../support/suffer.ts';
import type { RecoveryRig } from './recovery-rig.ts';

/** How a server of the family tells transactions. */
interface Told {
  /** One of them. */
  gtid: RegExp;
  /** Those that slipped in between base and log. */
  slippedIn: RegExp;
  /** Of what a replay says beside that. */
  replayed?(facts: Json): Promise<void>;
}

/** Recoveries to a point in time that every server of the family goes through. */
export function pointInTimeTests(
  { stack, attached, receivers, followed, oneLogged, dump, restore, replay, count }: RecoveryRig,
  { gtid: ofThisServer, slippedIn, replayed }: Told,
): void {
  test('before a dropped table: the table, all before it and nothing after it', async () => {
    const consistency = await dump();
    let gtid = '';
    const files = await followed(consistency, async () => {
      await stack.sql("INSERT INTO app.users (email, role) VALUES ('late@example.org', 2)");
      await stack.sql('UPDATE app.roles SET name = UPPER(name)');
      const dropped = await suffer(attached, 'drop-table', { table: 'app.users' });
      expect(await dropped.witness()).toMatchObject({ what: expect.stringContaining('app.users') });
      gtid = (dropped.facts as { gtid: string }).gtid;
      await stack.sql("INSERT INTO app.roles VALUES (3, 'after')");
    });
    expect(gtid).toMatch(ofThisServer);
    for (const until of [{ beforeGtid: gtid }, { beforeStatement: 'DROP TABLE .*users' }] as const) {
      const point = receivers.base.artifact('dump', consistency);
      await restore(point, true);
      expect((await stack.service.state()).status, 'clients stay out between base and log').toBe('exited');
      const facts = await replay(point, files, until);
      expect(facts).toMatchObject({
        transactions: 2,
        stoppedBefore: { gtid, statement: expect.stringContaining('DROP TABLE') },
        discardedSinceBase: null,
        settingsChanged: [],
      });
      expect(await count('app.users')).toBe(3001);
      expect(await stack.sql('SELECT id, name FROM app.roles ORDER BY id')).toEqual([
        { id: 1, name: 'MEMBER' },
        { id: 2, name: 'ADMIN' },
      ]);
      await replayed?.(facts);
    }
  });

  test('writes that slip in between base and log are thrown away, said, and do no harm', async () => {
    const consistency = await dump();
    const files = await oneLogged(consistency);
    const point = receivers.base.artifact('dump', consistency);
    await restore(point);
    // The same key as the log's own: applied on top of this, the log would fail.
    await stack.sql("INSERT INTO app.users (email, role) VALUES ('slipped@example.org', 1)");
    expect(await replay(point, files, 'latest')).toMatchObject({
      transactions: 1,
      discardedSinceBase: expect.stringMatching(slippedIn),
    });
    expect(await stack.sql('SELECT email FROM app.users WHERE id > 3000')).toEqual([
      { email: 'logged@example.org' },
    ]);
  });
}
