import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { InputErrors } from '../../core/errors.ts';
import { planDrill, type Plan } from '../../engine/plan.ts';
import { createStackProvider } from '../../stack/provider.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-plan-region-'));
afterAll(() => rmSync(folder, { recursive: true }));

const compose = `services:
  store: { image: redis, labels: { muster.region: west }, ports: ['6379'] }
  spare: { image: redis, labels: { muster.region: west }, ports: ['6379'] }
  store-east: { image: redis, labels: { muster.region: east }, profiles: [regions] }
  way: { image: toxiproxy }
`;
const strategy = `strategy: test
stack: ./compose.yml
profiles: [regions]
components:
  store: { driver: redis, objectives: { rto: 5m, rpo: 15m }, backups: { snapshot: { method: rdb, every: 5m, copies: [here] } } }
  spare: { driver: redis, objectives: { rpo: 15m } }
  store-east: { driver: redis }
stores:
  here: { kind: directory, region: west }
detection: { healthCheck: { every: 30s } }
`;
const scenario = `scenario: test
strategy: ./strategy.yaml
title: A test
load: { tokens: { target: store, rate: 200/s } }
protect: [store.snapshot]
fault: { region-lost: west, how: blackhole, at: +5s }
recover: [{ restore: store, from: here }, { return: west }]
check: [ledger]
`;
type Change = (text: string) => string;
const swap =
  (from: string, to: string): Change =>
  (text) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  };

function plan(change: { scenario?: Change; strategy?: Change; compose?: Change } = {}): Promise<Plan> {
  const own = mkdtempSync(join(folder, 'case-'));
  writeFileSync(join(own, 'compose.yml'), change.compose?.(compose) ?? compose);
  writeFileSync(join(own, 'strategy.yaml'), change.strategy?.(strategy) ?? strategy);
  writeFileSync(join(own, 'scenario.yaml'), change.scenario?.(scenario) ?? scenario);
  return planDrill(
    join(own, 'scenario.yaml'),
    registries,
    createStackProvider({ progress: () => undefined }),
  );
}

describe('a lost region', () => {
  it('is planned with the components and stores that are in it', async () => {
    const planned = await plan();
    expect(planned.faults).toMatchObject([
      { plan: { name: 'region-lost', target: 'west', at: '+5s' }, params: { how: 'blackhole' } },
    ]);
    expect([...planned.components.values()].map(({ name, region }) => [name, region])).toEqual([
      ['store', 'west'],
      ['spare', 'west'],
      ['store-east', 'east'],
    ]);
    expect(planned.stores).toMatchObject([{ name: 'here', region: 'west' }]);
    // The region is no component; those in it are what is broken.
    expect(planned.notes).toEqual([
      'spare has an RPO and no load writes to it: its loss will not be measured',
    ]);
  });

  it.each<[string, Parameters<typeof plan>[0], RegExp]>([
    [
      'an unknown region',
      { scenario: swap('region-lost: west', 'region-lost: wets') },
      /^scenario\.yaml:6:23 unknown region "wets" \| wets \| one of west, east \| did you mean "west"\?$/,
    ],
    [
      'a component in its place',
      { scenario: swap('region-lost: west', 'region-lost: store') },
      /^scenario\.yaml:6:23 unknown region "store"/,
    ],
    [
      'a region in the place of a component',
      { scenario: swap('region-lost: west, how: blackhole', 'crash: west') },
      /^scenario\.yaml:6:17 unknown component or service "west"/,
    ],
    [
      'a region whose services are all behind a profile that is not asked for',
      {
        strategy: (text) =>
          text.replace('profiles: [regions]\n', '').replace('  store-east: { driver: redis }\n', ''),
        scenario: swap('region-lost: west', 'region-lost: east'),
      },
      /unknown region "east" \| east \| one of west/,
    ],
    [
      'a stack without regions',
      {
        compose: (text) => text.replaceAll(/ labels: \{[^}]*\},/g, ''),
        strategy: swap(', region: west', ''),
      },
      /^scenario\.yaml:6:23 there is no region west: no service of the stack is labelled with any \| west \| services with the label muster\.region \| a service behind a profile/,
    ],
    [
      'a way of being lost that is none',
      { scenario: swap('how: blackhole', 'how: blakhole') },
      /^scenario\.yaml:6:34 unknown value "blakhole" .*did you mean "blackhole"\?$/,
    ],
    [
      'a region that comes back and was never lost',
      { scenario: swap('return: west', 'return: east') },
      /^scenario\.yaml:7:53 unknown region lost in this scenario "east" \| east \| one of west/,
    ],
    [
      'a store in an unknown region',
      { strategy: swap('region: west', 'region: wset') },
      /^strategy\.yaml:9:36 unknown region "wset" .*did you mean "west"\?$/,
    ],
    [
      'a component whose service is behind a profile that is not asked for',
      { strategy: swap('profiles: [regions]\n', '') },
      /unknown service "store-east"/,
    ],
  ])('is refused with its place: %s', async (_, change, expected) => {
    const error: unknown = await plan(change).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(InputErrors);
    const [first] = (error as InputErrors).all;
    expect(
      `${first!.at!.file.split('/').at(-1)}:${first!.at!.line}:${first!.at!.column} ${first!.message} | ${first!.found ?? ''} | ${first!.expected ?? ''} | ${first!.hint ?? ''}`,
    ).toMatch(expected);
  });
});

describe('what was so beforehand', () => {
  const lagging = swap(
    'fault: { region-lost: west, how: blackhole, at: +5s }',
    'fault: [{ crash: store-east, at: +1s, beforehand: true }, { region-lost: west, at: +5s }]',
  );

  it('is no fault of its target: nothing is said of its objectives', async () => {
    const planned = await plan({ scenario: lagging });
    expect(planned.faults.map((one) => one.plan)).toEqual([
      { name: 'crash', target: 'store-east', at: '+1s', beforehand: true, params: {} },
      { name: 'region-lost', target: 'west', at: '+5s', params: {} },
    ]);
    expect(planned.notes).toEqual([
      'spare has an RPO and no load writes to it: its loss will not be measured',
    ]);
  });

  it.each<[string, Change, RegExp]>([
    [
      'alone: then nothing is broken',
      swap('how: blackhole, at: +5s', 'at: +5s, beforehand: true'),
      /nothing is broken: everything was so beforehand/,
    ],
    [
      'without a time of its own',
      (text) => lagging(text).replace('at: +1s', 'at: worst'),
      /what is so beforehand has a time of its own/,
    ],
  ])('is refused %s', async (_, change, expected) => {
    const error: unknown = await plan({ scenario: change }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect((error as InputErrors).all.map(({ message }) => message).join('\n')).toMatch(expected);
  });
});
