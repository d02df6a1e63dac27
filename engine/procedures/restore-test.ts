import type { Phase } from '../phases/phase.ts';
import { recover } from '../phases/recover.ts';
import { up } from '../phases/up.ts';
import { verify } from '../phases/verify.ts';
import { waitForFormer } from '../waiting.ts';
import type { Procedure } from './procedure.ts';

/** The time of a restore is measured only once the drill before is over. */
const upAlone: Phase = {
  ...up,
  run: async (drill, handed) => {
    await up.run(drill, handed);
    await waitForFormer(drill);
  },
};

/** A recovery point that is there already is restored into an empty sandbox, and checked. */
export const restoreTest: Procedure = { phases: [upAlone, recover, verify] };
