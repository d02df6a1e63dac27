import { systemClock } from '../../core/clock.ts';
import { createHostSignal } from '../../stack/host-signal.ts';
import { createNetworkTools } from '../../stack/network-tools.ts';
import { currentOwner, labels } from '../../stack/owner.ts';
import { getRuntime } from '../../stack/runtime.ts';
import type { DrillSite } from '../../stack/drill-site.ts';

/** Where a drill attaches to containers that no compose file knows. `image`: what its own helpers run. */
export async function drillSite(drill: string, image: string): Promise<DrillSite> {
  const runtime = await getRuntime();
  const common = {
    runtime,
    labels: { [labels.drill]: drill, [labels.owner]: currentOwner() },
    clock: systemClock,
  };
  const hostSignal = createHostSignal(runtime, [image], common.labels);
  return {
    ...common,
    drill,
    secrets: [],
    hostSignal,
    network: createNetworkTools({ ...common, hostSignal, image: async () => image }),
    deploy: () => Promise.reject(new Error('nothing is deployed here')),
  };
}
