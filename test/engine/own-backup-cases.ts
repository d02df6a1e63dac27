import type { Scripts } from '../support/own-scripts.ts';

/** What ends with 0, or not even that, and is no backup; and what is nearly the same and is one. */
export interface NoBackup {
  name: string;
  scripts: Partial<Scripts>;
  reason: RegExp;
  beside: { name: string; scripts: Partial<Scripts> };
}
const gzip = { produces: "{ files: '*.gz' }" };
const text = { produces: "{ files: '*.txt' }" };
const key = ', env: { KEY: MUSTER_BACKUP_KEY }';
/** What another backup of the drill puts into store b while a script runs. */
const keepsAPoint =
  'b="$MUSTER_OUT/../../stores/b/b"; at="$b/points/shop/dump/p1"; mkdir -p "$at/files"; echo dump > "$at/files/dump.sql.zst"; echo {} > "$at/point.json"';

export const noBackups: NoBackup[] = [
  {
    name: 'leaves nothing',
    scripts: { backup: 'echo done', ...text },
    reason: /left nothing that matches \*\.txt/,
    beside: { name: 'leaves a file', scripts: { backup: 'date > rows.txt', ...text } },
  },
  {
    name: 'leaves an empty file',
    scripts: { backup: ': > rows.gz', ...gzip },
    reason: /rows\.gz is no backup: it is empty/,
    beside: { name: 'leaves a file of one byte', scripts: { backup: 'printf x > rows.gz', ...gzip } },
  },
  {
    name: 'hides a dead dump behind a pipe',
    scripts: { backup: '"$tools"/no-such-db rows | gzip > rows.gz', ...gzip },
    reason: /rows\.gz is no backup: it is a gzip archive of nothing/,
    beside: { name: 'pipes its dump into gzip', scripts: { backup: 'echo rows | gzip > rows.gz', ...gzip } },
  },
  {
    name: 'leaves half an archive',
    scripts: { backup: 'seq 100000 | gzip | head -c 200 > rows.gz', ...gzip },
    reason: /rows\.gz is no backup: it is no whole gzip archive: unexpected end of file/,
    beside: {
      name: 'leaves two archives in one file, as gzip allows',
      scripts: { backup: 'seq 1000 | gzip > rows.gz; seq 1000 | gzip >> rows.gz', ...gzip },
    },
  },
  {
    name: 'leaves less than it must',
    scripts: { backup: 'echo hello > rows.txt', produces: "{ files: '*.txt', atLeast: 1KiB }" },
    reason: /left less than it must/,
    beside: {
      name: 'leaves as much as it must',
      scripts: { backup: 'echo hello > rows.txt', produces: "{ files: '*.txt', atLeast: 6B }" },
    },
  },
  {
    name: 'ends badly',
    scripts: { backup: 'date > rows.txt; echo no room >&2; exit 7', ...text },
    reason: /ended with exit code 7; its last lines: no room/,
    beside: {
      name: 'only complains',
      scripts: { backup: 'date > rows.txt; echo no room >&2', ...text },
    },
  },
  {
    name: 'does not end in time',
    scripts: { backup: 'date > rows.txt; echo begun; sleep 100', more: ', timeout: 300ms', ...text },
    reason: /it was ended after 300ms/,
    beside: {
      name: 'ends in time',
      scripts: { backup: 'date > rows.txt; sleep 0.4', more: ', timeout: 100s', ...text },
    },
  },
  {
    name: 'does not say where it keeps it',
    scripts: { backup: 'echo', show: 'echo x' },
    reason: /did not say where its backup is/,
    beside: { name: 'says where it keeps it', scripts: { backup: 'echo here', show: 'echo x' } },
  },
  {
    name: 'says a secret in the place of a reference',
    scripts: { backup: 'echo "$KEY"', show: 'echo x', more: key },
    reason: /cannot be recorded/,
    beside: {
      name: 'says a secret before its reference',
      scripts: { backup: 'echo "$KEY"; echo here', show: 'echo x', more: key },
    },
  },
  {
    name: 'keeps nothing',
    scripts: { backup: 'echo here', show: 'true' },
    reason: /keeps nothing as here/,
    beside: { name: 'keeps something', scripts: { backup: 'echo here', show: 'cat "$tools/backup.sh"' } },
  },
  {
    name: 'keeps half an archive',
    scripts: { backup: 'echo here', show: 'seq 100000 | gzip | head -c 200' },
    reason: /here is no backup: it is no whole gzip archive: unexpected end of file/,
    beside: { name: 'keeps a whole one', scripts: { backup: 'echo here', show: 'seq 100000 | gzip' } },
  },
  {
    name: 'keeps an archive of nothing',
    scripts: { backup: 'echo here', show: 'gzip < /dev/null' },
    reason: /here is no backup: it is a gzip archive of nothing/,
    beside: {
      name: 'keeps an archive of much',
      scripts: { backup: 'echo here', show: 'seq 3000000 | gzip' },
    },
  },
  {
    name: 'leaves what a link out of its folder leads to',
    scripts: { backup: 'rmdir dumps; ln -s "$tools" dumps', produces: "{ files: 'dumps/*.sh' }" },
    reason: /left nothing that matches dumps/,
    beside: {
      name: 'leaves a file in a folder of its folder',
      scripts: { backup: 'cp "$tools/backup.sh" dumps', produces: "{ files: 'dumps/*.sh' }" },
    },
  },
  {
    name: 'puts nothing into a store in which a recovery point of Muster itself appears meanwhile',
    scripts: { backup: keepsAPoint, produces: "{ objects: '', in: b }" },
    reason: /put nothing into b/,
    beside: {
      name: 'puts its own beside it',
      scripts: {
        backup: `${keepsAPoint}; echo dump > "$b/points/shop.sql"`,
        produces: "{ objects: '', in: b }",
      },
    },
  },
  {
    name: 'calls its file by a secret',
    scripts: { backup: 'date > "rows-$KEY.txt"', more: key, ...text },
    reason: /a secret is in its name/,
    beside: {
      name: 'holds a secret',
      scripts: { backup: 'echo "$KEY" > rows.txt', more: key, ...text },
    },
  },
];
