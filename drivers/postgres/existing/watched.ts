import { Transform } from 'node:stream';
import type { ExistingRestorer, Said } from '../../../core/existing.ts';
import { environmentError } from '../../../core/errors.ts';
import { rememberingEnd } from '../../existing-text.ts';
import { watchArchive } from '../archive.ts';
import { watchDirectory } from './directory.ts';
import { saidOf, type Format } from './recognise.ts';

type Progress = Parameters<ExistingRestorer['restore']>[2]['progress'];

const endBytes = 4 * 1024;
/** What comes behind a tool's last words: nothing that is loaded, and no other dump that begins. */
const behind = String.raw`\n(?:[ \t]*(?:--(?! PostgreSQL database )[^\n]*|\\unrestrict \S+)?(?:\n|$))*$`;
const lastWords = { pg_dump: 'database dump complete', pg_dumpall: 'database cluster dump complete' };
const endsOf = {
  pg_dump: new RegExp(`\\n-- PostgreSQL ${lastWords.pg_dump}${behind}`),
  pg_dumpall: new RegExp(`\\n-- PostgreSQL ${lastWords.pg_dumpall}${behind}`),
};

/** Whether a dump in SQL ends as its tool ends one; null where nothing says. `end`: its last bytes. */
export const isWhole = (format: Format, end: string): boolean | null =>
  format === 'pg_dump' || format === 'pg_dumpall' ? endsOf[format].test(end) : null;

/** A dump, as it goes by to the server. */
export interface Watched {
  through: Transform;
  /** Asked at the end: throws where it is not whole. `whole`: its own end was seen. */
  said(): { said: Said; whole: boolean };
}

export function watchFor(format: Format, said: Said, progress: Progress): Watched {
  if (format === 'custom') return archive(progress);
  return format === 'directory' ? directory(progress) : text(format, said, progress);
}

function directory(progress: Progress): Watched {
  const watch = watchDirectory((bytes) => progress(bytes, null, 'bytes'));
  return {
    through: watch.through,
    said: () => {
      const missing = watch.missing();
      if (missing !== null)
        throw environmentError('it is cut off or damaged', {
          found: missing,
          expected: 'everything that pg_dump wrote into it',
        });
      return { said: saidOf(watch.head()), whole: watch.isWhole() };
    },
  };
}

function text(format: Format, said: Said, progress: Progress): Watched {
  const watched = rememberingEnd(endBytes, (bytes) => progress(bytes, null, 'bytes'));
  return {
    through: watched.through,
    said: () => {
      const end = watched.end().toString('latin1');
      if (isWhole(format, end) === false)
        throw environmentError('it is cut off', {
          found: `${watched.seen()} bytes, of which the last are ${JSON.stringify(end.slice(-60))}`,
          expected: `\`-- PostgreSQL ${format === 'pg_dumpall' ? lastWords.pg_dumpall : lastWords.pg_dump}\` at the end`,
        });
      const completed = /\n-- Completed on (.+)\n/.exec(end)?.[1];
      const whose = { ...said, madeAt: said.madeAt ?? completed ?? null };
      return { said: whose, whole: format !== 'sql' };
    },
  };
}

function archive(progress: Progress): Watched {
  const watch = watchArchive({ beyond: true });
  let seen = 0;
  const through = new Transform({
    highWaterMark: 1024 * 1024,
    transform: (chunk: Buffer, _encoding, done) => {
      seen += chunk.length;
      progress(seen, null, 'bytes');
      try {
        watch.see(chunk);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
    // pg_restore would say that it cannot read on; this says what is missing.
    flush: (done) => {
      try {
        const missing = watch.missing();
        done(
          missing === null
            ? null
            : environmentError('it is cut off', { found: missing, expected: 'all of it' }),
        );
      } catch (error) {
        done(error as Error);
      }
    },
  });
  return { through, said: () => ({ said: saidOf(watch.head()), whole: true }) };
}
