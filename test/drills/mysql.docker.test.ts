import { globSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../core/timeline.ts';
import type { Scene } from '../support/tampering.ts';
import { detailOf, drillForReal, findingsThat } from '../support/real-drill.ts';
import { missedRuns, mysqlScenario, mysqlStrategy } from '../support/small-drills.ts';
import { everything } from '../support/tier.ts';

/**
 * As an operator on the server itself: the account that Muster uses comes over the network, and is another
 * one.
 */
async function atTheServer({ stack, environment }: Scene, ...statements: string[]): Promise<void> {
  const { code, stderr } = await stack.services.get('mysql')!.exec(['mysql', '--user=root'], {
    env: { MYSQL_PWD: environment['MYSQL_ROOT_PASSWORD']! },
    stdin: statements.join(';\n'),
  });
  expect(code, stderr).toBe(0);
}

/** What an application would have there: two tables, one of which refers to the other. */
const shop = (scene: Scene): Promise<void> =>
  atTheServer(
    scene,
    'CREATE TABLE app.customers (id INT PRIMARY KEY, name VARCHAR(40) NOT NULL)',
    'CREATE TABLE app.invoices (id INT PRIMARY KEY, customer INT NOT NULL, cents BIGINT NOT NULL, FOREIGN KEY (customer) REFERENCES app.customers (id))',
    "INSERT INTO app.customers VALUES (1, 'Ada'), (2, 'Blaise')",
    'INSERT INTO app.invoices VALUES (1, 1, 1999), (2, 1, 250), (3, 2, 77)',
  );

describe('drills of MySQL that must not pass', { concurrent: true, timeout: 600_000 }, () => {
  it('a dump that leaves a table out shows in the inventory', async () => {
    const { result } = await drillForReal({
      strategy: mysqlStrategy({ ignoreTables: ['app.invoices'] }),
      scenario: mysqlScenario({ points: 2, giveUp: '30s' }),
      tampering: { up: shop },
    });
    expect(findingsThat('fail', result)).toEqual(['check/mysql.inventory']);
    expect(detailOf(result, 'check/mysql.inventory')).toBe(
      'definition of TABLE app.invoices is missing; rows of app.invoices is missing',
    );
    expect(findingsThat('inconclusive', result)).toEqual([]);
    expect(result.exitCode).toBe(1);
    expect(result.time.rtaMs!).toBeGreaterThan(0);
  });

  if (!everything) return;

  // What judges these is the same for every driver: Redis shows it each time, and so do drills in memory.
  it('a dump that was cut off in the store is refused, and nothing is restored', async () => {
    const { result } = await drillForReal({
      strategy: mysqlStrategy(),
      scenario: mysqlScenario(),
      tampering: {
        up: shop,
        fetch: async ({ storesFolder }) => {
          const files = globSync('volume/**/files/*', { cwd: storesFolder }).map((file) =>
            join(storesFolder, file),
          );
          expect(files.length).toBeGreaterThan(0);
          for (const file of files) truncateSync(file, statSync(file).size >> 1);
        },
      },
    });
    expect(findingsThat('fail', result)).toContain('recovery');
    expect(result.steps[0]).toMatchObject({
      ok: false,
      error: expect.stringMatching(
        /files\/dump\.sql\.zst\.enc in store volume is refused: it is shorter than was recorded/,
      ) as string,
    });
    expect(result).toMatchObject({
      exitCode: 1,
      time: { rtaMs: null, restoreOnlyMs: null },
      data: { rpaMs: null },
    });
    // The server came up anew by its restart policy, or did not, as fast as this machine is: neither makes
    // anything of it good.
    for (const id of ['rto/mysql', 'rpo/mysql', 'check/mysql.inventory'])
      expect(result.findings.find((one) => one.id === id)!.verdict, id).not.toBe('pass');
    expect(
      result.findings.filter(
        ({ id, verdict }) => verdict === 'pass' && /phantom|corrupt|duplicated|hole|torn/.test(id),
      ),
    ).toEqual([]);
  });

  it('a mysqldump that is killed half-way from the second time on leaves no recovery point', async () => {
    const { result, events } = await drillForReal({
      strategy: mysqlStrategy(),
      scenario: mysqlScenario({
        timeScale: missedRuns.timeScale,
        fault: { crash: 'mysql', at: missedRuns.offset },
        recover: 'automatic',
        giveUp: '30s',
      }),
      tampering: {
        up: shop,
        content: (scene, number, content) => (number >= 2 ? killedAtFirstByte(scene, content) : content),
      },
    });
    // One that had just begun is ended by the fault, in words of its own.
    const { seq: faultSeq } = eventsOf(events, 'fault.begun')[0]!;
    const failed = eventsOf(events, 'backup.failed').filter(({ seq }) => seq < faultSeq);
    expect(failed.length).toBeGreaterThan(0);
    for (const { data } of failed) expect(data.error).toMatch(/137|killed|SIGKILL/i);
    expect(eventsOf(events, 'backup.durable')).toHaveLength(1);
    expect(findingsThat('fail', result)).toEqual(['backups/mysql.dump', 'schedule/mysql.dump']);
    expect(detailOf(result, 'backups/mysql.dump')).toMatch(/^It failed \d+ times? before the fault: /);
    expect(findingsThat('inconclusive', result)).toEqual([]);
    expect(result.exitCode).toBe(1);
  });

  it('records that may not be read are not known to be there', async () => {
    const { result } = await drillForReal({
      strategy: mysqlStrategy(),
      scenario: mysqlScenario({
        fault: { crash: 'mysql', at: '+1s' },
        recover: 'automatic',
        protect: [],
        giveUp: '30s',
        check: ['ledger'],
      }),
      tampering: { readBack: (scene) => atTheServer(scene, "REVOKE SELECT ON *.* FROM 'root'@'%'") },
    });
    expect(findingsThat('fail', result)).toEqual([]);
    expect(findingsThat('inconclusive', result)).toEqual(['check/ledger', 'integrity/orders', 'rpo/mysql']);
    expect(detailOf(result, 'check/ledger')).toMatch(/SELECT command denied/);
    expect(result.loads[0]).toMatchObject({ classes: null, lostBeforeFault: null });
    expect(result).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 2,
      data: { rpaMs: null, worstRpaMs: null },
    });
  });
});

/**
 * The dump is held up at its first bytes and its program killed there; what the pipes had taken by then still
 * comes.
 */
function killedAtFirstByte({ stack }: Scene, content: Readable): Readable {
  const script =
    'for each in /proc/[0-9]*; do if [ "$(cat "$each/comm" 2>/dev/null)" = mysqldump ]; then kill -KILL "${each#/proc/}" && echo killed; fi; done';
  let killed: Promise<void> | null = null;
  const kill = async (): Promise<void> => {
    const { stdout } = await stack.services.get('mysql')!.exec(['sh', '-c', script]);
    if (stdout.trim() !== 'killed') throw new Error(`mysqldump was not there to be killed: ${stdout}`);
  };
  const through = new Transform({
    transform: (chunk, _, done) => void (killed ??= kill()).then(() => done(null, chunk), done),
  });
  content.once('error', (error) => through.destroy(error));
  return content.pipe(through);
}
