import { Transform } from 'node:stream';
import type { Sink } from '../core/backup.ts';
import type { BoundaryMoment } from '../core/scenario.ts';

type Act = () => Promise<void>;

/**
 * Boundaries that a drill passes, and what has been arranged to happen there. Whoever passes one waits until
 * it has happened; each arrangement happens once.
 */
export interface Moments {
  /**
   * Resolves when `act` has been carried out at the next passing of this moment of this backup or component.
   */
  at(moment: BoundaryMoment, of: string, act: Act): Promise<void>;
  pass(moment: BoundaryMoment, of: string): Promise<void>;
  /** What was arranged and never reached. */
  readonly open: readonly string[];
}

interface Arranged {
  moment: BoundaryMoment;
  of: string;
  act: Act;
  done(): void;
  failed(error: unknown): void;
}

export function createMoments(): Moments {
  const arranged = new Set<Arranged>();
  return {
    at: (moment, of, act) =>
      new Promise<void>((done, failed) => void arranged.add({ moment, of, act, done, failed })),
    pass: async (moment, of) => {
      for (const one of [...arranged].filter((each) => each.moment === moment && each.of === of)) {
        arranged.delete(one);
        await one.act().then(one.done, one.failed);
      }
    },
    get open() {
      return [...arranged].map(({ moment, of }) => `${moment} of ${of}`);
    },
  };
}

/**
 * A sink whose content passes `backup.uploading` with its first bytes, and `backup.dumped` when the source
 * has given all.
 */
export const watchedSink = (sink: Sink, pass: (moment: BoundaryMoment) => Promise<void>): Sink => {
  let uploading = false;
  return {
    put: (name, content) => {
      const watch = new Transform({
        transform: (chunk, _encoding, done) => {
          if (uploading) return done(null, chunk);
          uploading = true;
          void pass('backup.uploading').then(() => done(null, chunk), done);
        },
        flush: (done) => void pass('backup.dumped').then(() => done(), done),
      });
      content.on('error', (error) => watch.destroy(error));
      return sink.put(name, content.pipe(watch));
    },
  };
};
