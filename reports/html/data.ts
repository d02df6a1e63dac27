import type { DataClass } from '../../core/analysis.ts';
import type { DrillResult } from '../../core/result.ts';
import { formatCount } from '../../core/units.ts';
import { countText, notMeasured } from '../words.ts';
import { html, type Markup } from './markup.ts';
import { section, table, type Column } from './tables.ts';

const meanings: Record<DataClass, [meaning: string, rule: string]> = {
  survived: ['acknowledged and there', ''],
  lost: ['acknowledged and not there', 'within the RPO'],
  stale: ['there with an older value', 'as lost'],
  'lost-after-recovery': ['acknowledged after the recovery, and not kept', 'never'],
  recovered: ['never answered, and there', 'allowed'],
  phantom: ['there, though never written', 'never'],
  resurrected: ['failed or removed for good, and there', 'never'],
  corrupt: ['there with a value never written', 'never'],
  duplicated: ['there more often than written', 'never'],
  torn: ['only a part of what belongs together', 'never'],
};

/** Classes down, loads across: few loads, ten classes, and each class needs its meaning beside it. */
export function data(result: DrillResult): Markup {
  const loads = result.loads.filter((load) => load.kind === 'data');
  const cell = (count: number | null, bad: boolean): Markup | string =>
    count === null
      ? notMeasured
      : html`<span class="${bad && count > 0 ? 'bad' : ''}">${formatCount(count)}</span>`;
  const rows = [
    [
      'acknowledged',
      'writes whose success the client was told',
      '',
      ...loads.map((load) => countText(load.acknowledged)),
    ],
    ...Object.entries(meanings).map(([name, [meaning, rule]]) => [
      html`<b>${name.replaceAll('-', ' ')}</b>`,
      meaning,
      rule,
      ...loads.map((load) => cell(load.classes?.[name as DataClass] ?? null, rule === 'never')),
    ]),
    [
      html`<b>holes</b>`,
      'lost, though older than what survived',
      'never',
      ...loads.map((load) => cell(load.holes, true)),
    ],
    [
      'lost before / after the fault',
      '',
      '',
      ...loads.map((load) =>
        load.classes === null
          ? notMeasured
          : `${countText(load.lostBeforeFault)} / ${countText(load.lostAfterFault)}`,
      ),
    ],
  ];
  const heads: Column[] = [
    { head: 'Class', kind: 'nowrap' },
    { head: 'What it is' },
    { head: 'Allowed' },
    ...loads.map((load): Column => ({ head: `${load.load} on ${load.target}`, kind: 'num' })),
  ];
  const declared = loads.filter((load) => load.volatile).map((load) => load.load);
  const examples = result.loads.flatMap((load) =>
    Object.entries(load.examples).flatMap(([kind, list]) =>
      list
        .slice(0, 3)
        .map(({ id, what }) => html`<li><b>${load.load}</b>, ${kind}: <code>${id}</code> ${what}</li>`),
    ),
  );
  return section(
    'Data',
    'every acknowledged write of the client against what was read back',
    html`${table(heads, loads.length ? rows : [], `Loss: ${notMeasured}.`)}
${declared.length > 0 && html`<p class="small soft" style="margin-top:8px">The scenario declares the loss of ${declared.join(', ')}: counted, not held against the RPO.</p>`}${examples.length > 0 && html`<p class="small soft" style="margin-top:8px">For example</p><ul class="plain small">${examples}</ul>`}`,
  );
}
