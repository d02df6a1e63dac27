/** What came after the drill that proved a backup, and what `muster proven --within 90d` says then. */
export const since = {
  failed: 'a restore test of it failed since',
  restored: 'a restore test of it failed, and a drill restored it since',
  open: 'a restore test of it was held against nothing since, which is told',
  other: 'a restore test of another backup failed since',
} as const;
