import type { Measure } from '../core/measure.ts';
import { formatBytes } from '../core/units.ts';
import { eventsOf } from '../core/timeline.ts';
import { drillTimesOf } from './drill-times.ts';
import { finding, plural } from './finding.ts';
import { protectionOf } from './protection.ts';

/** A backup of less than this share of the one before it lacks something, or something was removed. */
const leastShare = 0.5;

/** NaN for nothing after nothing, which is no share. */
const shareOf = (bytes: number, before: number): number =>
  before > 0 ? bytes / before : bytes > 0 ? 1 : Number.NaN;

/**
 * Did a backup suddenly become small? A job that ends well and leaves a table out does. Data that was removed
 * on purpose looks the same, so that it is asked about and never called wrong. Of those that became durable
 * before anything was broken.
 */
export const shrunk: Measure = {
  about: 'No backup before the fault is of less than half of the one before it',
  judge({ events }) {
    const { disturbedMs } = drillTimesOf(events);
    const durable = eventsOf(events, 'backup.durable').filter(
      ({ atMs, data }) => atMs <= (disturbedMs ?? Infinity) && data.payload === 'files',
    );
    return protectionOf(events, disturbedMs).flatMap(({ backup, component, name }) => {
      const own = durable.filter(({ data }) => data.backup === backup);
      if (own.length < 2) return [];
      const steps = own.slice(1).map((event, i) => ({
        event,
        before: own[i]!,
        share: shareOf(event.data.plainBytes, own[i]!.data.plainBytes),
      }));
      const least = steps.reduce((a, b) => (!(b.share >= a.share) ? b : a));
      const [was, is] = [least.before, least.event].map(({ data }) => formatBytes(data.plainBytes));
      // Nothing after nothing is no share: that is asked about as well.
      const small = !(least.share >= leastShare);
      return [
        finding({
          id: `shrunk/${backup}`,
          claim: `${component}/backup/${name}`,
          title: `Backups of ${backup} stay of a size`,
          verdict: small ? 'inconclusive' : 'pass',
          actual: Number.isNaN(least.share) ? null : least.share,
          objective: leastShare,
          unit: 'ratio',
          gate: true,
          evidence: own.map(({ seq }) => seq),
          detail: small
            ? `${least.event.data.point} holds ${is}, the one before it ${was}: something is left out, or much was removed in between.`
            : `Of ${plural(own.length, 'recovery point')} none is of less than half of the one before it: at least ${is} after ${was}.`,
        }),
      ];
    });
  },
};
