import { expect, test } from 'vitest';
import { eventsOf } from '../../core/timeline.ts';
import { muster, startMuster } from '../support/muster.ts';
import { accidentFolder, bundlesIn, killed, leftOf, timelineOf } from './workbench.ts';

/**
 * The small drill, whose cache lies in a region that is lost, and comes back by itself at the earliest when
 * nobody is there any more.
 */
const lose = (how: 'dead' | 'blackhole'): string =>
  accidentFolder((file, text) => {
    if (file === 'compose.yml')
      return text.replace(
        '    command: [redis-server,',
        '    labels: { muster.region: west }\n    command: [redis-server,',
      );
    return file === 'scenario.yaml'
      ? text
          .replace(/^fault: .*$/m, `fault: { region-lost: west, how: ${how}, at: +1s }`)
          .replace(/^points: .*$/m, 'points: 1')
      : text;
  });

// Stand-ins, packet filters and containers that were killed outlive a Muster that was: they carry its labels,
// and go.
test.each(['dead', 'blackhole'] as const)(
  'kill -9 while a region is lost (%s), then `muster gc`: nothing of it is left',
  { timeout: 300_000 },
  async (how) => {
    const folder = lose(how);
    const drill = startMuster(['run', 'scenario.yaml'], { cwd: folder });
    await drill.said(/Z detect\n/);
    await killed(drill);
    const [bundle] = bundlesIn(folder);
    expect(eventsOf(timelineOf(bundle!).events, 'region.lost').map(({ data }) => data.how)).toEqual([how]);
    // Beside the two services, the volume and the network: at least one of Muster's own for the region.
    expect((await leftOf([bundle!])).filter((each) => each.startsWith('container ')).length).toBeGreaterThan(
      3,
    );
    expect((await muster(['gc'])).code).toBe(0);
    expect(await leftOf([bundle!])).toEqual([]);
  },
);
