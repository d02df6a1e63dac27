/**
 * Data in a folder of the host; and F42, where the volume that is declared is another one than that of the
 * data.
 */
export const hostFolders = {
  kept: 'a folder of the host that holds the data: a whole drill with wipe and restore changes nothing of it, and plan says so before',
  tooHigh:
    "F42, a volume that is mounted a folder too high, so that the data lies on one of the image's own: said before anything is broken",
  elsewhere: 'F42, a volume in which nothing of the data lies: said before anything is broken, and no pass',
} as const;
export const accounts = {
  older: 'F09, a password that was changed after the first recovery point, is named and no fault',
  brokenView: 'F10, a broken view ends the dump: no recovery point, the view named, and nothing broken',
} as const;
