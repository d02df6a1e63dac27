import type { Measure } from '../core/measure.ts';
import { eventsOf } from '../core/timeline.ts';
import { drillTimesOf } from './drill-times.ts';
import { failedByFault } from './felt.ts';
import { finding } from './finding.ts';

export const route: Measure = {
  about:
    'A fault of one way in is met by clients: by those that the strategy sends that way, or by any that felt it',
  judge({ events, ledger }) {
    const moments = drillTimesOf(events);
    // What failed only once the recovery had begun may be its own work, as by a restart.
    const isFelt = ledger.damage === null && ledger.loads.some((load) => failedByFault(load, moments));
    const routes = eventsOf(events, 'fault.route');
    const loaded = new Set(eventsOf(events, 'load.begun').map(({ data }) => data.target));
    return routes.map(({ data: { fault, target, port, usedBy: namedBy }, seq }) => {
      // Of a component without a load nobody comes in this drill.
      const usedBy = namedBy.filter((component) => loaded.has(component));
      const sameWay = routes.filter(({ data }) => data.target === target && data.port === port);
      const others = eventsOf(events, 'fault.begun').filter(
        ({ data }) => !data.beforehand && !sameWay.some((one) => one.data.id === data.id),
      );
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
      if (isFelt && others.length === 0)
        return finding({
          ...common,
          verdict: 'pass',
          detail: `No component says that its clients come by port ${port} of ${target}, and clients felt it.`,
        });
      return finding({
        ...common,
        verdict: 'inconclusive',
        detail: `No component with a load says that its clients come by port ${port} of ${target}, and ${
          isFelt
            ? `what they felt may be ${others.map(({ data }) => `${data.fault} of ${data.target}`).join(' or ')}`
            : 'none felt it before the recovery began'
        }: nothing that anybody uses was shown to be broken. \`clients\` in the strategy says which way they come.`,
      });
    });
  },
};
