import type { Measure } from '../core/measure.ts';
import { eventsOf } from '../core/timeline.ts';
import { drillTimesOf } from './drill-times.ts';
import { finding } from './finding.ts';
import { recoveryTimeOf } from './rto.ts';

export const route: Measure = {
  about:
    'A fault of one way in is met by clients: by those that the strategy sends that way, or by any that felt it',
  judge({ events, ledger }) {
    const { impactMs } = recoveryTimeOf(ledger.loads, drillTimesOf(events), ledger.damage);
    return eventsOf(events, 'fault.route').map(({ data: { fault, target, port, usedBy }, seq }) => {
      const common = {
        id: `route/${fault}/${target}/${port}`,
        title: `Clients come by the way that ${fault} broke`,
        gate: true,
        evidence: [seq],
      };
      if (usedBy.length > 0)
        return finding({
          ...common,
          verdict: 'pass',
          detail: `Clients of ${usedBy.join(', ')} come by port ${port} of ${target}.`,
        });
      if (impactMs !== null)
        return finding({
          ...common,
          verdict: 'pass',
          detail: `No component says that its clients come by port ${port} of ${target}, and clients felt it.`,
        });
      return finding({
        ...common,
        verdict: 'inconclusive',
        detail: `No component says that its clients come by port ${port} of ${target}, and none felt it: nothing that anybody uses was broken. \`clients\` in the strategy says which way they come.`,
      });
    });
  },
};
