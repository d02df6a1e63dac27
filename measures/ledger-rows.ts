import type { DataAnalysis } from '../core/analysis.ts';
import type { Evidence } from '../core/measure.ts';
import type { DrillResult } from '../core/result.ts';
import { formatCount } from '../core/units.ts';
import { worstVerdict, type Finding } from '../core/verdict.ts';
import { plural } from './finding.ts';
import { isJudged } from './integrity.ts';

type Row = DrillResult['checks'][number];

/**
 * The check that Muster itself makes, among the checks of a report: one row for each component whose clients
 * wrote. It leaves no event, since what was read back is judged only afterwards: it is as good as the worst
 * of what the measures found of those writes and of their loss. None where nothing was judged.
 */
export function ledgerRows(
  { ledger }: Evidence,
  findings: readonly Finding[],
  knownBad: (check: string, component: string | null) => Row['knownBad'],
): Row[] {
  const loads = ledger.loads.filter(isJudged);
  return [...new Set(loads.map(({ target }) => target))].flatMap((component) => {
    const own = loads.filter(({ target }) => target === component);
    const about = findings.filter(
      ({ id }) =>
        id === `rpo/${component}` || own.some(({ load }) => `${id}/`.startsWith(`integrity/${load}/`)),
    );
    if (!about.some(({ id }) => id.startsWith('integrity/'))) return [];
    const wrong = about.filter(({ verdict }) => verdict !== 'pass').map(({ title }) => title);
    return {
      check: 'ledger',
      component,
      verdict: worstVerdict(about.map(({ verdict }) => verdict)),
      detail: [
        ...own.map(({ load, data }) => `${load}: ${ledger.damage === null ? toldOf(data) : 'not known'}`),
        ...(wrong.length > 0 ? [`not shown: ${wrong.join(', ')}`] : []),
      ].join('; '),
      knownBad: knownBad('ledger', component),
    };
  });
}

function toldOf(data: DataAnalysis | null): string {
  if (data === null) return 'not read back completely';
  const { lost, stale, phantom, corrupt, duplicated, resurrected, torn } = data.classes;
  const gone = lost + stale + data.classes['lost-after-recovery'];
  const never = phantom + corrupt + duplicated + resurrected + torn;
  return `${plural(data.acknowledged, 'acknowledged id')}, ${formatCount(gone)} lost, ${formatCount(never)} of what may never be`;
}
