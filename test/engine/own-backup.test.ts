import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NoRecoveryPoint } from '../../core/errors.ts';
import { detailOf, findingsThat } from '../support/real-drill.ts';
import { dataIn, drillOwn, runOwn } from '../support/own-scripts.ts';
import { noBackups } from './own-backup-cases.ts';
import { scratch } from '../support/scratch.ts';
import { pointsIn } from '../support/stored-points.ts';
import { storesIn } from '../support/memory-drill.ts';

describe.concurrent('a drill with scripts of the user', () => {
  it('runs them on their interval, records what they leave, and gets everything back by them', async () => {
    const drilled = await drillOwn({}, { keepStack: true });
    // It runs on the machine's own clock: a busy one makes some of it inconclusive. On real servers it is to
    // pass (test/drills/own-scripts.docker.test.ts).
    expect(findingsThat('fail', drilled.result)).toEqual([]);
    expect(dataIn(drilled, 'step.ended')).toMatchObject([{ ok: true }]);
    const [durable] = dataIn(drilled, 'backup.durable');
    expect(durable).toMatchObject({ payload: 'files', copies: ['a', 'b'] });
    expect(pointsIn(drilled.folder, 'b').find(({ id }) => id === durable!.point)).toMatchObject({
      method: 'command',
      tool: './backup.sh on the host',
      payload: { files: [{ name: 'rows.dump.gz', plainSha256: durable!.position['content'] }] },
    });
    const commands = dataIn(drilled, 'command.begun');
    expect(commands[0]).toMatchObject({ of: dataIn(drilled, 'backup.begun')[0]!.id });
    expect(commands.at(-1)).toMatchObject({ of: dataIn(drilled, 'step.begun')[0]!.id });
  });

  it('that leave no recovery point fails, and says why, while nothing is broken yet', async () => {
    const drilled = await drillOwn({ backup: '"$tools"/no-such-db rows | gzip > rows.gz' });
    const reason = /rows\.gz is no backup: it is a gzip archive of nothing/;
    expect(dataIn(drilled, 'fault.begun')).toEqual([]);
    expect(drilled.result).toMatchObject({ exitCode: 1, verdict: 'fail', outcome: 'aborted' });
    expect(drilled.result.error).toMatch(reason);
    const finding = drilled.result.findings.find(({ id }) => id.startsWith('backups/'))!;
    expect([finding.verdict, finding.detail]).toEqual(['fail', expect.stringMatching(reason)]);
  });

  it('that restored nothing and ended with 0 fails by what is missing', async () => {
    const drilled = await drillOwn({ restore: 'echo restored' });
    expect(dataIn(drilled, 'step.ended')).toMatchObject([{ ok: true }]);
    expect(drilled.result.exitCode).toBe(1);
    expect(findingsThat('fail', drilled.result)).toEqual(
      expect.arrayContaining(['rto/drill', 'service/rows']),
    );
  });

  it('restores what an earlier one left, by its provenance', async () => {
    const shared = mkdtempSync(join(scratch, 'own-shared-'));
    const stores = storesIn(shared);
    const { component } = await drillOwn({}, { stores });
    const recover = '[{ restore: store, from: b, existing: true }]';
    const later = await drillOwn({}, { stores, scenario: { recover } }, component);
    expect(dataIn(later, 'point.fetched')).toMatchObject([{ provenance: 'external' }]);
    expect(dataIn(later, 'step.ended')).toMatchObject([{ ok: true, facts: { facts: { exitCode: 0 } } }]);
    rmSync(shared, { recursive: true, force: true });
  });

  it('that ended badly fails the step, with their last words', async () => {
    const drilled = await drillOwn({ restore: 'echo cannot >&2; exit 3' });
    expect(drilled.result.exitCode).toBe(1);
    expect(detailOf(drilled.result, 'recovery')).toContain(
      './restore.sh on the host: it ended with exit code 3; its last lines: cannot',
    );
  });
});

const names = (line: string): string[] =>
  line
    .split(' ')
    .filter((name) => !['', 'HOME', 'LANG', 'OLDPWD', 'PATH', 'PWD', 'SHLVL', '_'].includes(name));
const said = (folder: string, name: string): string[] =>
  readFileSync(join(folder, 'attachments', name), 'utf8')
    .trimEnd()
    .split('\n');
const environment = `env | sed 's/=.*//' | sort | tr '\\n' ' '; echo`;

describe.concurrent('a script of the user', () => {
  it('is told where to put things, and nothing else; what it says is evidence, without secrets', () =>
    runOwn(
      {
        backup: `${environment}; echo "key $KEY"; pwd; echo "$MUSTER_OUT"; date > rows.gz`,
        produces: "{ files: '*.gz' }",
        more: ', env: { KEY: MUSTER_BACKUP_KEY }',
      },
      async ({ folder, backUp, events }) => {
        await backUp();
        const [variables, key, works, out] = said(folder, 'command-1.stdout.txt');
        expect(names(variables!)).toEqual([
          'KEY',
          'MUSTER_COMPONENT',
          'MUSTER_DRILL',
          'MUSTER_OUT',
          'MUSTER_SCRATCH',
        ]);
        expect([key, works]).toEqual(['key ***', out]);
        expect(out).toContain(folder);
        // Nothing of what it worked with stays.
        expect(existsSync(out!)).toBe(false);
        expect(dataIn({ events }, 'command.ended')).toMatchObject([{ of: 'backup-1', exitCode: 0 }]);
      },
    ));

  it('is handed what it left, as it was', () =>
    runOwn(
      {
        backup: 'mkdir -p dumps; echo one > dumps/a.sql; echo two > dumps/b.sql; echo log > other',
        restore: `${environment}; cd "$MUSTER_FROM"; find . -type f | sort; cat dumps/*`,
        produces: "{ files: 'dumps/*.sql' }",
      },
      async ({ folder, backUp, restore }) => {
        const taken = await backUp();
        expect(taken.facts).toMatchObject({
          files: [
            { name: 'dumps/a.sql', bytes: 4 },
            { name: 'dumps/b.sql', bytes: 4 },
          ],
        });
        await restore(taken);
        const [variables, ...files] = said(folder, 'command-2.stdout.txt');
        expect(names(variables!)).toEqual([
          'MUSTER_COMPONENT',
          'MUSTER_DRILL',
          'MUSTER_FROM',
          'MUSTER_SCRATCH',
        ]);
        expect(files).toEqual(['./dumps/a.sql', './dumps/b.sql', 'one', 'two']);
      },
    ));

  it('is told of one file by its name', () =>
    runOwn(
      { backup: 'echo one > a.sql', restore: 'cat "$MUSTER_FILE"', produces: "{ files: ['*.sql'] }" },
      async ({ folder, backUp, restore }) => {
        await restore(await backUp());
        expect(said(folder, 'command-2.stdout.txt')).toEqual(['one']);
      },
    ));

  it('is met by what happens at the first byte, while it goes on', () =>
    runOwn(
      {
        backup:
          'echo begun > rows.sql; until test -e "$tools/struck"; do sleep 0.02; done; echo on >> rows.sql',
        produces: "{ files: '*.sql' }",
      },
      async ({ home, backUp }) => {
        let struck = 0;
        const firstByte = async (): Promise<void> => {
          struck += 1;
          writeFileSync(join(home, 'struck'), '');
        };
        const { facts } = await backUp({ firstByte });
        expect(struck).toBe(1);
        expect(facts).toMatchObject({ files: [{ name: 'rows.sql', bytes: 9 }] });
      },
    ));

  it('may keep its backup by itself, and is given the reference back', () =>
    runOwn(
      {
        backup: 'echo content > "$tools/kept-1"; echo done; echo kept-1',
        show: 'cat "$tools/$MUSTER_REFERENCE"',
        restore: `${environment}; echo "from $MUSTER_REFERENCE"`,
      },
      async ({ folder, home, backUp, restore }) => {
        const taken = await backUp();
        expect(taken.kept).toMatchObject({ reference: 'kept-1', bytes: 8 });
        await restore(taken);
        const restored = readdirSync(join(folder, 'attachments')).filter((one) => one.includes('stdout'));
        const [variables, from] = said(folder, `command-${restored.length}.stdout.txt`);
        expect(names(variables!)).toContain('MUSTER_REFERENCE');
        expect(names(variables!)).not.toContain('MUSTER_FROM');
        expect(from).toBe('from kept-1');
        writeFileSync(join(home, 'kept-1'), 'another\n');
        await expect(restore(taken)).rejects.toThrow(/kept-1 is not what recovery point .* was/);
      },
    ));

  it('may put its backup into a store, and is given the key back', () =>
    runOwn(
      {
        backup:
          'store="$MUSTER_OUT/../../stores/b/b/dumps"; mkdir -p "$store"; cp "$tools/db-now" "$store/$(cat "$tools/key")"',
        restore: 'echo "from $MUSTER_REFERENCE"',
        produces: '{ objects: dumps/, in: b }',
      },
      async ({ folder, home, backUp, restore, write }) => {
        const now = (key: string, content: string): void => {
          writeFileSync(join(home, 'key'), key);
          writeFileSync(join(home, 'db-now'), content);
        };
        now('monday.sql', 'first');
        write();
        const first = await backUp();
        expect(first.kept).toMatchObject({ reference: 'dumps/monday.sql', bytes: 5 });
        // The same again is none; another content is one, under the same key and as large.
        write();
        await expect(backUp()).rejects.toThrow(/left the same as the time before/);
        now('monday.sql', 'other');
        expect((await backUp()).kept).toMatchObject({ reference: 'dumps/monday.sql', bytes: 5 });
        now('tuesday.sql', 'later');
        const last = await backUp();
        expect(last.kept).toMatchObject({ reference: 'dumps/tuesday.sql' });
        await restore(last);
        expect(said(folder, 'command-5.stdout.txt')).toEqual(['from dumps/tuesday.sql']);
        await expect(restore(first)).rejects.toThrow(/dumps\/monday\.sql is not what recovery point .* was/);
        now('empty.sql', '');
        await expect(backUp()).rejects.toThrow(/dumps\/empty\.sql is no backup: it is empty/);
      },
    ));
});

describe.concurrent('a backup by a script that', () => {
  it.each(noBackups)('$name is no recovery point', ({ scripts, reason }) =>
    runOwn(scripts, async ({ backUp }) => {
      const failed: unknown = await backUp().then(
        () => null,
        (error: unknown) => error,
      );
      expect(failed).toBeInstanceOf(NoRecoveryPoint);
      expect((failed as Error).message).toMatch(reason);
    }),
  );

  it.each(noBackups.map(({ beside }) => beside))('$name is one', ({ scripts }) =>
    runOwn(scripts, async ({ backUp }) => {
      expect(await backUp()).toMatchObject({ position: { content: expect.any(String) as string } });
    }),
  );

  it('was under way when its component was broken is none, and one beside another fault is', () =>
    runOwn(
      {
        backup:
          'date +%s%N > rows.txt; until test -e "$tools/struck"; do sleep 0.02; done; rm "$tools/struck"',
        produces: "{ files: '*.txt' }",
      },
      async ({ home, backUp, break: strike }) => {
        const goOn = (): void => writeFileSync(join(home, 'struck'), '');
        const taken = (what: () => void): Promise<unknown> =>
          backUp({
            firstByte: async () => {
              what();
              goOn();
            },
          });
        strike();
        await taken(() => undefined);
        await taken(() => strike('another'));
        await expect(taken(() => strike())).rejects.toThrow(/the script was under way when .* was broken/);
      },
    ));

  it('leaves the same bytes as before is none, and one that leaves others is', () =>
    runOwn(
      { backup: 'cat "$tools/db-now" > rows.txt', restore: 'true', produces: "{ files: '*.txt' }" },
      async ({ home, backUp, restore, write }) => {
        writeFileSync(join(home, 'db-now'), 'first');
        write();
        const first = await backUp();
        // As right as can be: nobody wrote anything.
        await backUp();
        write();
        await expect(backUp()).rejects.toThrow(/left the same as the time before/);
        writeFileSync(join(home, 'db-now'), 'second');
        expect(await backUp()).toMatchObject({ facts: { files: [{ name: 'rows.txt', bytes: 6 }] } });
        // What an earlier one was, too: by turns it is never as the time before.
        write();
        writeFileSync(join(home, 'db-now'), 'first');
        await expect(backUp()).rejects.toThrow(/left the same as an earlier time/);
        // But right after a restore, which brings back what there was then.
        await restore(first);
        await backUp();
      },
    ));

  it('packs what it packed before is none, though the archive is another one', () =>
    runOwn(
      {
        backup:
          'cp "$tools/db-now" rows; touch -d "@$(cat "$tools/at")" rows; gzip rows; wc -c < rows.gz; sha256sum rows.gz',
        produces: "{ files: '*.gz' }",
      },
      async ({ home, folder, backUp, write }) => {
        writeFileSync(join(home, 'db-now'), 'first');
        writeFileSync(join(home, 'at'), '1700000000');
        await backUp();
        writeFileSync(join(home, 'at'), '1800000000');
        write();
        await expect(backUp()).rejects.toThrow(/left the same as the time before/);
        expect(said(folder, 'command-1.stdout.txt')).not.toEqual(said(folder, 'command-2.stdout.txt'));
        writeFileSync(join(home, 'db-now'), 'other');
        await backUp();
      },
    ));

  it('leaves what it left before under another reference is none', () =>
    runOwn({ backup: 'date +%s%N', show: 'cat "$tools/db-now"' }, async ({ home, backUp, write }) => {
      writeFileSync(join(home, 'db-now'), 'first');
      await backUp();
      write();
      await expect(backUp()).rejects.toThrow(/left the same as the time before/);
    }));
});
