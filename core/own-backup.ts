import { z } from 'zod';
import type { BackupInfo, Followed } from './backup.ts';
import { commandLine, duration } from './strategy.ts';
import { parseBytes } from './units.ts';

/** The method of a component's own scripts, which every driver has. */
export const ownMethod = 'command';

const sizeExpected = 'a size such as 1KiB or 20MB';
const size = z
  .string({ error: sizeExpected })
  .refine((text) => parseBytes(text) !== null, { error: sizeExpected })
  .transform((text) => ({ text, bytes: parseBytes(text)! }))
  .meta({ type: 'string', pattern: '^\\d+(\\.\\d+)?(B|KiB|MiB|GiB|KB|MB|GB)$', description: 'A size: 1KiB' });

const ownCommand = commandLine.extend({
  oneOff: z
    .boolean()
    .default(false)
    .describe(
      'In a container of its own, made like that of the service and gone when the command has ended; not in the one that runs',
    ),
  timeout: duration
    .default({ text: '10m', ms: 600_000 })
    .describe('After that it is ended, with everything in its process group'),
});
/** A command of the user's own that backs up, restores or shows what is kept. */
export type OwnCommand = z.output<typeof ownCommand>;

const patternExpected =
  'a pattern such as *.sql.gz, of files in the folder $MUSTER_OUT, or one that begins with / in the container';
/** What the host and the shells of containers do not read alike. */
const onePattern =
  'one pattern for each kind of file, with *, ? and [ab] alone: [*.sql, *.gz], not *.{sql,gz}';
const pattern = z
  .string({ error: patternExpected })
  .regex(/^[^\0\n]*[^\0\n/]$/, { error: patternExpected })
  .refine((text) => !text.split('/').includes('..'), { error: patternExpected, abort: true })
  .refine((text) => !/[{}\\]|[?*+@!]\(/.test(text), { error: onePattern, abort: true });

const atLeast = size.default({ text: '1B', bytes: 1 }).describe('Less than that together is no backup');
const produces = z.union(
  [
    z.strictObject({
      files: z
        .union([pattern, z.array(pattern).min(1)], { error: patternExpected })
        .transform((text) => [text].flat())
        .describe('What the script leaves, by pattern: all that is new or has changed when it has ended'),
      atLeast,
    }),
    z.strictObject({
      objects: z.string().describe('What the keys begin with of the objects that the script itself makes'),
      in: z.string().describe('The store of the strategy that it puts them into'),
      atLeast,
    }),
    z.strictObject({
      kept: ownCommand.describe(
        'The script keeps it by itself, and its last line says where: this one is given that as $MUSTER_REFERENCE and writes its content',
      ),
      atLeast,
    }),
  ],
  {
    error:
      '`files`: a pattern, `objects`: what the script puts into a store, or `kept`: a command that writes what the script keeps',
  },
);

const follow = z.strictObject({
  service: z
    .string()
    .optional()
    .describe('Service of the compose file that makes them; in its container the files are looked for'),
  settles: duration
    .default({ text: '2s', ms: 2_000 })
    .refine(({ ms }) => ms >= 200, { error: 'at least 200ms' })
    .describe('What it leaves is whole when it has stayed as it is for so long'),
  begins: z
    .union([pattern, z.array(pattern)], { error: patternExpected })
    .transform((text) => [text].flat())
    .default([])
    .describe('Files that are there while it works, before what it leaves: the point is as old as these'),
  schedule: z
    .strictObject({
      env: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'a name of letters, digits and _' })
        .describe('Variable of the service that says when it runs, such as BACKUP_CRON_EXPRESSION'),
      drill: z.string().describe("What it is in the drill's copy, and nowhere else: `* * * * *`"),
      every: duration
        .refine(({ ms }) => ms > 0, { error: 'longer than nothing' })
        .describe('How often that is'),
    })
    .optional()
    .describe('Has it run more often in a drill; else its own schedule is waited for'),
});

/** What the strategy says of a backup by scripts, or by a sidecar that runs its own. */
export const ownOptions = z
  .strictObject({
    backup: ownCommand.optional().describe('Makes a backup'),
    follow: follow
      .optional()
      .describe(
        'In the place of `backup`: a sidecar makes them by its own clock. Muster runs nothing, and what appears is a recovery point',
      ),
    restore: ownCommand.describe('Puts one back'),
    produces: produces.describe('What a backup leaves: without it there is no recovery point'),
  })
  .superRefine((options, context) => {
    const refuse = (path: string[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const { backup, follow: followed, restore, produces: left } = options;
    for (const [path, command] of [
      [['backup'], backup],
      [['restore'], restore],
      [['produces', 'kept'], 'kept' in left ? left.kept : undefined],
    ] as const)
      if (command?.oneOff && command.in === 'host')
        refuse([...path, 'oneOff'], 'nothing: on the host there is no container of its own');
    if ((backup === undefined) === (followed === undefined))
      refuse(['backup'], '`backup`: a command that makes one, or `follow`: who makes them; one of the two');
    const files = 'files' in left ? left.files : [];
    const far = backup?.in === 'host' && files.find((one) => one.startsWith('/'));
    if (far)
      refuse(
        ['produces', 'files'],
        `a pattern in the folder that a script on the host works in ($MUSTER_OUT), not ${far}`,
      );
    const deep =
      backup?.in !== 'host' &&
      [...files, ...(followed?.begins ?? [])].find((one) => one.split('/').includes('**'));
    if (deep)
      refuse(
        ['produces', 'files'],
        `a pattern without **, which a shell in a container reads as *, not ${deep}`,
      );
    if (followed) refuseUnfollowed(followed, left, refuse);
  });
export type OwnOptions = z.output<typeof ownOptions>;

/** What is looked for lies somewhere that Muster can look at without running anything of the user's. */
function refuseUnfollowed(
  { service, begins, schedule }: z.output<typeof follow>,
  left: z.output<typeof produces>,
  refuse: (path: string[], message: string) => void,
): void {
  if ('kept' in left)
    refuse(['produces'], '`files` or `objects`: what is kept elsewhere cannot be looked for');
  const near = [...('files' in left ? left.files : []), ...begins].find((one) => !one.startsWith('/'));
  if (near !== undefined)
    refuse(
      ['produces', 'files'],
      `a pattern that begins with / in the container of the sidecar, not ${near}`,
    );
  if (service === undefined && ('files' in left || begins.length > 0 || schedule))
    refuse(['follow', 'service'], 'the service of the compose file that makes them');
}

/** As it stands in the file; null where it is not as it must be. */
const read = (options: Record<string, unknown>): OwnOptions | null =>
  ownOptions.safeParse(options).data ?? null;

function followedBy(own: OwnOptions | null): Followed | null {
  if (!own?.follow) return null;
  const { service, settles, schedule } = own.follow;
  return { service: service ?? null, settles, schedule: schedule ?? null };
}

export const ownBackup: BackupInfo = {
  about: 'scripts of your own back up and restore; what they leave is found, looked at and recorded',
  kind: 'snapshot',
  options: ownOptions,
  position: z.strictObject({ content: z.string().regex(/^[0-9a-f]{64}$/) }),
  follows: (options) => followedBy(read(options)),
  payload: (options) => {
    const left = read(options)?.produces;
    return left && !('files' in left) ? 'external' : 'files';
  },
  stores: (options) => {
    const left = read(options)?.produces;
    return left && 'objects' in left ? [left.in] : [];
  },
  commands: (options) => {
    const own = read(options);
    if (!own) return [];
    const { backup, restore, produces: left } = own;
    return [
      ...(backup ? [{ does: 'backs up' as const, command: backup }] : []),
      { does: 'restores' as const, command: restore },
      ...('kept' in left ? [{ does: 'shows' as const, command: left.kept }] : []),
    ];
  },
};
