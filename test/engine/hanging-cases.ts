/**
 * What hangs for ever before the recovery, as the memory driver calls it, in words, and the wait that says
 * for how long at most.
 */
export const hangs: [what: string, words: string, wait: RegExp][] = [
  ['attach', 'attaching to a component', /^attaching to store-\w+$/],
  ['seed', 'a step that seeds', /^seeding: seed of store-\w+$/],
  ['prepare', 'the preparation of a load', /^preparing the loads, each$/],
  ['copy', 'a backup that is waited for', /^waiting for 1 recovery point of store-\w+\.snapshot$/],
  ['wipe', 'the injection of a fault', /^injecting wipe-volume into store-\w+$/],
];
