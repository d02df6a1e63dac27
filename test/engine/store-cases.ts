/** What is done to the first store before a restore asks for it, and what is said of it. */
export type StoreCase = [fault: string, says: RegExp];

/** Another store is named after it. */
export const fallBacks: StoreCase[] = [
  [
    'object-corrupted',
    /^store b cannot give the recovery point \(.*SHA-256 is not the one that was recorded.*\): trying a$/,
  ],
  ['object-deleted', /^store b cannot give the recovery point \(.*has no points\/.*\): trying a$/],
  [
    'bucket-emptied',
    /^store b cannot give the recovery point \(no recovery point of .* in b from before the fault.*\): trying a$/,
  ],
];

/** No other is named. */
export const deadEnds: StoreCase[] = [
  ['object-corrupted', /SHA-256 is not the one that was recorded/],
  ['object-deleted', /has no points\//],
  ['bucket-emptied', /no recovery point of/],
];
