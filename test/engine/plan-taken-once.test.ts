import { expect, test } from 'vitest';
import { registries } from '../../cli/registries.ts';
import type { PlannedBackup } from '../../core/planned.ts';
import { parseSource } from '../../core/document.ts';
import type { MusterError } from '../../core/errors.ts';
import type { Context } from '../../engine/plan-context.ts';
import { planDrill } from '../../engine/plan.ts';
import { checkTakenOnce } from '../../engine/plan-taken-once.ts';
import { memoryFiles, noStacks } from '../support/memory-drill.ts';

/** What is said of two backups of a service `db`, each by what it produces and where. */
function saidOf(...produced: [produces: object, where?: object][]): string[] {
  const protect = produced.map((_, i) => `db.b${i}`);
  const problems: MusterError[] = [];
  const context = {
    source: parseSource('drill.yaml', `protect: [${protect.join(', ')}]\n`),
    scenario: { protect },
    components: new Map([['db', { service: 'db' }]]),
    problems: { add: (one: MusterError) => void problems.push(one) },
  };
  const backups = produced.map(([produces, where = { backup: { in: 'db' } }], i) => ({
    id: protect[i]!,
    component: 'db',
    plan: { method: 'command' },
    options: { produces, ...where },
  }));
  checkTakenOnce(context as unknown as Context, backups as unknown as PlannedBackup[]);
  return problems.map(({ message }) => message);
}
const files = (...patterns: string[]) => ({ files: patterns });
const one = 'db.b1 leaves its backups where db.b0 does';

test.each<[string, ...Parameters<typeof saidOf>]>([
  ['one pattern', [files('/backups/*.gz')], [files('/backups/*.gz')]],
  ['one that matches what the other leaves', [files('/b/*.gz')], [files('/b/daily-*.gz')]],
  ['ones that both match one name', [files('/b/*.sql.gz')], [files('/b/db-*')]],
  ['ones with classes', [files('/b/[a-c]*.gz')], [files('/b/?[!x].gz')]],
  ['another of its patterns', [files('/c/a', '/b/[ab]*.gz')], [files('/b/a?.gz')]],
  ['a sidecar in its place', [files('/b/*')], [files('/b/x'), { follow: { service: 'db' } }]],
  ['a sidecar that is the component itself', [files('/b/*')], [files('/b/x'), { follow: {} }]],
  ['one prefix of a store', [{ objects: 'd/', in: 's3' }], [{ objects: 'd/', in: 's3' }]],
  ['all of a store', [{ objects: 'd/', in: 's3' }], [{ objects: '', in: 's3' }]],
])('two backups that leave theirs in one place are refused: %s', (_, ...produced) => {
  expect(saidOf(...produced)).toEqual([one]);
});

test.each<[string, ...Parameters<typeof saidOf>]>([
  ['folders of their own', [files('/backups/daily/*.gz')], [files('/backups/weekly/*.gz')]],
  ['names of their own', [files('/b/daily-*.gz')], [files('/b/weekly-*.gz')]],
  ['endings of their own', [files('/b/*.sql')], [files('/b/*.rdb')]],
  ['classes of their own', [files('/b/[ab]*')], [files('/b/c*')]],
  ['a folder below', [files('/b/*.gz')], [files('/b/daily/*.gz')]],
  ["a folder of the drill's own", [files('*.gz')], [files('*.gz')]],
  ['another container', [files('/b/*.gz')], [files('/b/*.gz'), { backup: { in: 'backup' } }]],
  ['another store', [{ objects: 'd/', in: 's3' }], [{ objects: 'd/', in: 'west' }]],
  ['another prefix', [{ objects: 'daily/', in: 's3' }], [{ objects: 'weekly/', in: 's3' }]],
  ['a file and an object', [files('/b/*.gz')], [{ objects: '', in: 's3' }]],
  ['two patterns of one backup', [files('/b/*.gz', '/b/a*')]],
])('two backups that do not are planned: %s', (_, ...produced) => {
  expect(saidOf(...produced)).toEqual([]);
});

test('a drill that protects both is refused, with the line', async () => {
  const own = (objects: string): string =>
    `{ method: command, every: 1m, copies: [a], options: { backup: { command: [./b.sh], in: host }, restore: { command: [./r.sh], in: host }, produces: { objects: ${objects}, in: b } } }`;
  const { file } = memoryFiles({
    hostCommands: true,
    beside: {
      shop: `{ driver: memory, backups: { hourly: ${own('dumps/')}, daily: ${own('dumps/daily/')} } }`,
    },
    scenario: { protect: '[store.snapshot, shop.hourly, shop.daily]' },
  });
  await expect(planDrill(file, registries, noStacks, { hostCommands: true })).rejects.toThrow(
    /shop\.daily leaves its backups where shop\.hourly does/,
  );
});
