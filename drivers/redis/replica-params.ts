import { z } from 'zod';
import { type catchUpParams, linkParams, withinParam } from '../link.ts';

export const linked = z.strictObject({ ...linkParams, within: withinParam });
export type Link = z.output<typeof linked>;
export type CatchUp = z.output<typeof catchUpParams>;
