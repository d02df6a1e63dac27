import { z } from 'zod';
import type { BackupInfo } from './backup.ts';
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
const pattern = z
  .string({ error: patternExpected })
  .regex(/^[^\0\n]*[^\0\n/]$/, { error: patternExpected })
  .refine((text) => !text.split('/').includes('..'), { error: patternExpected, abort: true });

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

/** What the strategy says of a backup by scripts. */
export const ownOptions = z
  .strictObject({
    backup: ownCommand.describe('Makes a backup'),
    restore: ownCommand.describe('Puts one back'),
    produces: produces.describe('What a backup leaves: without it there is no recovery point'),
  })
  .superRefine(({ backup, restore, produces: left }, context) => {
    const all = { backup, restore, ...('kept' in left ? { kept: left.kept } : {}) };
    for (const [name, command] of Object.entries(all))
      if (command.oneOff && command.in === 'host')
        context.addIssue({
          code: 'custom',
          path: name === 'kept' ? ['produces', 'kept', 'oneOff'] : [name, 'oneOff'],
          message: 'nothing: on the host there is no container of its own',
        });
    const far =
      'files' in left && backup.in === 'host' && [left.files].flat().find((one) => one.startsWith('/'));
    if (far)
      context.addIssue({
        code: 'custom',
        path: ['produces', 'files'],
        message: `a pattern in the folder that a script on the host works in ($MUSTER_OUT), not ${far}`,
      });
  });
export type OwnOptions = z.output<typeof ownOptions>;

/** As it stands in the file; null where it is not as it must be. */
const read = (options: Record<string, unknown>): OwnOptions | null =>
  ownOptions.safeParse(options).data ?? null;

export const ownBackup: BackupInfo = {
  about: 'scripts of your own back up and restore; what they leave is found, looked at and recorded',
  kind: 'snapshot',
  options: ownOptions,
  position: z.strictObject({ content: z.string().regex(/^[0-9a-f]{64}$/) }),
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
      { does: 'backs up', command: backup },
      { does: 'restores', command: restore },
      ...('kept' in left ? [{ does: 'shows' as const, command: left.kept }] : []),
    ];
  },
};
