import { describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { findScenarios } from '../../cli/scenarios.ts';
import { planDrill } from '../../engine/plan.ts';
import { inScenario, inStrategy, plan, provider, refusal } from './plan-files.ts';

describe('what fits is planned', () => {
  it('resolves every name', async () => {
    const planned = await plan();
    expect(planned.backups.map((one) => [one.id, one.info.kind])).toEqual([['store.snapshot', 'snapshot']]);
    expect(planned.faults.map((one) => one.plan)).toEqual([
      { name: 'wipe-volume', target: 'store', at: 'worst', params: {} },
    ]);
    expect(planned.checks.map((one) => one.id)).toEqual(['store.ttl', 'store.inventory', 'store.follows']);
    expect(planned.ledger).toBe(true);
  });
  it('takes a fault of a store, and a fault in the middle of the restore after another', async () => {
    const planned = await plan(
      inScenario(
        'fault: { wipe-volume: store, at: worst }',
        'fault: [{ wipe-volume: store, at: worst }, { object-corrupted: here, at: restore.begun, bytes: 4 }]',
      ),
    );
    expect(
      planned.faults.map(({ plan: { name, target, at }, params }) => ({ name, target, at, params })),
    ).toEqual([
      { name: 'wipe-volume', target: 'store', at: 'worst', params: {} },
      { name: 'object-corrupted', target: 'here', at: 'restore.begun', params: { bytes: 4 } },
    ]);
  });
  it('takes a full disk where the volume is a file system of its own', async () => {
    const own = (text: string): string =>
      `${text.replace('image: redis,', 'image: redis, volumes: ["data:/data"],')}volumes: { data: { driver_opts: { type: tmpfs, device: tmpfs, o: "size=64m" } } }\n`;
    const planned = await plan({ ...inScenario('wipe-volume', 'disk-full'), compose: own });
    expect(planned.faults.map((one) => one.plan.name)).toEqual(['disk-full']);
  });
  it('compares what a server holds whose container is removed, and not of one that crashed', async () => {
    const checksOf = async (fault: string): Promise<string[]> => {
      const recover = inScenario(/recover: .*/, 'recover: automatic').scenario;
      const broken = inScenario('wipe-volume: store', `${fault}: store`).scenario;
      const planned = await plan({ scenario: (text) => broken(recover(text)) });
      return planned.checks.map((one) => one.id);
    };
    expect(await checksOf('remove-container')).toContain('store.inventory');
    expect(await checksOf('crash')).not.toContain('store.inventory');
  });
  it('takes a fault of any container, of a service that no component stands for', async () => {
    const planned = await plan({
      ...inScenario('wipe-volume: store', 'crash: side'),
      compose: (text) => `${text}  side: { image: busybox }\n`,
    });
    expect(planned.faults).toMatchObject([{ plan: { name: 'crash', target: 'side' }, on: 'service' }]);
  });
  it('compares what every component holds whose service loses its container, by whatever name that is called', async () => {
    const checks = async (
      fault: string,
      more: Parameters<typeof inStrategy>[1] = '  base:\n',
    ): Promise<string[]> => {
      const planned = await plan({
        scenario: (text) =>
          text
            .replace('wipe-volume: store', fault)
            .replace(/^recover:.*/m, 'recover: automatic')
            .replace(', ttl', ''),
        ...inStrategy('  base:\n', more),
      });
      return planned.checks.map(({ id }) => id);
    };
    expect(await checks('remove-container: base')).toContain('base.inventory');
    expect(await checks('remove-container: front')).toContain('base.inventory');
    expect(await checks('remove-container: front')).not.toContain('store.inventory');
    const second = '  second: { driver: redis, service: store }\n  base:\n';
    for (const fault of ['wipe-volume: store', 'wipe-volume: second', 'remove-container: store'])
      expect(await checks(fault, second), fault).toEqual(
        expect.arrayContaining(['store.inventory', 'second.inventory']),
      );
  });
  it('breaks a service by its own name as the component in it may be broken, and not otherwise', async () => {
    expect(await refusal(inScenario('wipe-volume: store', 'crash: front'))).toContain(
      'front cannot suffer crash: it is where base lives, which suffers that in a way of its own: name the component',
    );
  });
  it('takes a prune as a moment where points are counted', async () => {
    const planned = await plan({
      ...inScenario('at: worst', 'at: prune'),
      ...inStrategy('every: 5m,', 'every: 5m, keep: { points: 2 },'),
    });
    expect(planned.faults[0]!.plan.at).toBe('prune');
    expect(planned.backups[0]!.plan.keep).toEqual({ points: 2 });
  });
  it.each<[string, string, string[]]>([
    [
      'rate: 200/s',
      'rate: 9/m',
      [
        'tokens asks 9/m, about 18 operations in the 2m that are watched: with fewer than 20 it cannot be seen right again, and is inconclusive',
        'tokens asks 9/m, about 0 operations in the 5.0 s before the fault: with fewer than 100 the RPO of store is inconclusive',
        'tokens asks 9/m, about 1 operations in the 10.0 s that a recovery waits for clients: it may have met nothing of what was broken by then, and where no client has, the drill is inconclusive',
      ],
    ],
    [
      'rate: 200/s',
      'rate: 10/s',
      [
        'tokens asks 10/s, about 50 operations in the 5.0 s before the fault: with fewer than 100 the RPO of store is inconclusive',
      ],
    ],
    ['rate: 200/s', 'rate: 10/s, least: 50', []],
    [
      'at: worst',
      'at: +400ms',
      [
        'tokens asks 200/s, about 80 operations in the 400 ms before the fault: with fewer than 100 the RPO of store is inconclusive',
      ],
    ],
    ['at: worst', 'at: +500ms', []],
  ])('notes a load that is too slow for what is to be seen: %s is now %s', async (from, to, notes) => {
    expect((await plan(inScenario(from, to))).notes.filter((note) => note.startsWith('tokens asks'))).toEqual(
      notes,
    );
  });
  it('notes what is legal and worth knowing', async () => {
    expect((await plan()).notes).toEqual([
      'the strategy does not say how failures are noticed: detection counts as it happened here',
    ]);
  });
  it.each(findScenarios().scenarios)('$name, which comes with Muster', async ({ file }) => {
    await expect(planDrill(file, registries, provider)).resolves.toBeTruthy();
  });
});
