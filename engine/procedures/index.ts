import type { ProcedureName } from '../../core/timeline.ts';
import { down } from '../phases/down.ts';
import { heal } from '../phases/heal.ts';
import type { Ending } from '../phases/phase.ts';
import { drill } from './drill.ts';
import type { Procedure } from './procedure.ts';
import { restoreTest } from './restore-test.ts';

export type { Procedure } from './procedure.ts';

/** Every procedure. */
export const procedures: Record<ProcedureName, Procedure> = { drill, 'restore-test': restoreTest };

/** After each of them, whatever happened. */
export const endings: readonly Ending[] = [heal, down];
