/**
 * What happens to the clock on the wall between the last two backups of a drill, and what the strategy keeps.
 * The newest point stays, whatever that clock says.
 */
export interface WallClock {
  name: string;
  stepMs: number;
  keep: { points: number } | { text: string; ms: number };
  left: number;
}

export const wallClocks: WallClock[] = [
  {
    name: 'set back by an hour between two backups: the newest of three is kept',
    stepMs: -3_600_000,
    keep: { points: 1 },
    left: 1,
  },
  {
    name: 'set forward by a day between two backups: nothing is a day old',
    stepMs: 86_400_000,
    keep: { text: '1h', ms: 3_600_000 },
    left: 3,
  },
  {
    name: 'set back by a day between two backups: what is older than the retention goes',
    stepMs: -86_400_000,
    keep: { text: '0s', ms: 0 },
    left: 1,
  },
  { name: 'left alone: the newest of three is kept', stepMs: 0, keep: { points: 1 }, left: 1 },
  { name: 'left alone: nothing is an hour old', stepMs: 0, keep: { text: '1h', ms: 3_600_000 }, left: 3 },
];
