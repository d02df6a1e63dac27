import { breaking } from '../phases/break.ts';
import { detect } from '../phases/detect.ts';
import { protect } from '../phases/protect.ts';
import { recover } from '../phases/recover.ts';
import { seed } from '../phases/seed.ts';
import { up } from '../phases/up.ts';
import { verify } from '../phases/verify.ts';
import type { Procedure } from './procedure.ts';

/** A running system is broken and recovered, under its clients. */
export const drill: Procedure = { phases: [up, seed, protect, breaking, detect, recover, verify] };
