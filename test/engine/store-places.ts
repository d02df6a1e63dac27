/**
 * Two stores, `here` and `there`, as they stand in a strategy. `FOLDER` is a folder with `link`, which leads
 * to its folder `b`; paths that begin otherwise are from the strategy's own folder.
 */
export interface Places {
  what: string;
  stores: string;
}
const two = (here: string, there: string): string =>
  `stores:\n  here: { kind: directory, ${here} }\n  there: { kind: directory, ${there} }\n`;
const buckets = (here: string, there: string): string =>
  `stores:\n  here: { kind: s3, ${here} }\n  there: { kind: s3, ${there} }\n`;

/** Each is one place, whatever its regions are called. */
export const onePlace: Places[] = [
  { what: 'one path, in two regions', stores: two('path: FOLDER/b', 'path: FOLDER/b') },
  { what: 'one path, spelt otherwise', stores: two('path: FOLDER/b', 'path: FOLDER/c/../b/') },
  { what: 'a path and a link to it', stores: two('path: FOLDER/b', 'path: FOLDER/link') },
  {
    what: 'folders that are not there yet, beyond a link',
    stores: two('path: FOLDER/b/x', 'path: FOLDER/link/x'),
  },
  { what: 'one from the strategy, and as a whole path', stores: two('path: ./kept', 'path: OWN/kept') },
  { what: 'one inside the other', stores: two('path: FOLDER/b', 'path: FOLDER/b/copy') },
  { what: 'one around the other', stores: two('path: FOLDER/link/copy', 'path: FOLDER/b') },
  {
    what: 'one by the alias of the other',
    stores: 'stores:\n  here: &one { kind: directory, path: FOLDER/b }\n  there: *one\n',
  },
  { what: 'one bucket', stores: buckets('service: front, bucket: one', 'service: front, bucket: one') },
  {
    what: 'one bucket, by what is usual and in words',
    stores: buckets('service: front', 'service: front, port: 7070, bucket: muster'),
  },
];

/** Each is two. */
export const twoPlaces: Places[] = [
  { what: 'folders side by side', stores: two('path: FOLDER/b', 'path: FOLDER/b2') },
  {
    what: "folders of the drill's own",
    stores: 'stores:\n  here: { kind: directory }\n  there: { kind: directory }\n',
  },
  {
    what: "one of the drill's own, one of the user's",
    stores: 'stores:\n  here: { kind: directory }\n  there: { kind: directory, path: FOLDER/b }\n',
  },
  {
    what: 'two buckets of one server',
    stores: buckets('service: front, bucket: one', 'service: front, bucket: two'),
  },
  {
    what: 'buckets of one name on two servers',
    stores: buckets('service: front, bucket: one', 'service: store, bucket: one'),
  },
];
