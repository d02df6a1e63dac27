import { checkNames } from './config-names.ts';
import { configShape } from './shape.ts';

/** What a strategy says of a service: its shape, and then whether it can be carried out. */
export const configSchema = configShape.superRefine(checkNames);
