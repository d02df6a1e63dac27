import type { LoadAnalysis } from '../core/analysis.ts';

/** What several loads lost together. Times are ms since the drill's origin; null is: nothing was lost. */
export interface LostWrites {
  rpaMs: number;
  lost: number;
  acknowledged: number;
  lostBeforeFault: number;
  lostAfterFault: number;
  /**
   * A load lost everything acknowledged before the fault: how far back the loss reaches, this drill cannot
   * say.
   */
  total: boolean;
  /**
   * What may be lost at most: back to the newest write that is there, of the load of which that is longest
   * ago. Never less than `rpaMs`.
   */
  atMostMs: number;
  oldestMs: number | null;
  newestMs: number | null;
  newestSurvivorMs: number | null;
}

/** Loads whose losses count against an RPO: with records of data, and not thrown away on purpose. */
export const countsForLoss = (load: LoadAnalysis): boolean => !load.volatile && load.kind === 'data';

/**
 * RPA = max(fault, acknowledgement of the newest lost write) - acknowledgement of the oldest lost write; 0
 * when nothing acknowledged is missing (DESIGN §3). When nothing of what was there at the fault came back
 * (`total`), it is only a lower bound, as far back as the drill reaches. A string, the reason, when it cannot
 * be known: never 0.
 */
export function lossOf(
  loads: readonly LoadAnalysis[],
  faultMs: number | null,
  damage: string | null,
): LostWrites | string {
  if (damage !== null) return `the ledger is damaged: ${damage}`;
  if (faultMs === null) return 'nothing was broken';
  if (loads.length === 0) return 'no load wrote data that must be kept';
  const unread = loads.find((load) => load.data === null);
  if (unread) return `${unread.load} was not read back completely`;
  const all = loads.map((load) => load.data!);
  const sum = (of: (data: (typeof all)[number]) => number): number =>
    all.reduce((total, data) => total + of(data), 0);
  const acknowledged = sum((data) => data.acknowledged);
  if (acknowledged === 0) return 'no write was acknowledged';
  const oldestMs = extreme(
    Math.min,
    all.map((data) => data.oldestLostAckMs),
  );
  const newestMs = extreme(
    Math.max,
    all.map((data) => data.newestLostAckMs),
  );
  const rpaMs = oldestMs === null ? 0 : Math.max(faultMs, newestMs!) - oldestMs;
  const survivors = all.flatMap((data) => data.newestSurvivorAckMs ?? []);
  return {
    rpaMs,
    atMostMs: Math.max(rpaMs, ...survivors.map((ms) => Math.max(faultMs, newestMs ?? faultMs) - ms)),
    lost: sum((data) => data.lostBeforeFault + data.lostAfterFault),
    acknowledged,
    lostBeforeFault: sum((data) => data.lostBeforeFault),
    lostAfterFault: sum((data) => data.lostAfterFault),
    total: all.some((data) => data.lostBeforeFault > 0 && data.survivedFault === 0),
    oldestMs,
    newestMs,
    newestSurvivorMs: extreme(
      Math.max,
      all.map((data) => data.newestSurvivorAckMs),
    ),
  };
}

function extreme(pick: (...values: number[]) => number, values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : pick(...known);
}
