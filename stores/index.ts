import type { AnyStoreKind } from '../core/store.ts';
import { directory } from './directory.ts';
import { s3 } from './s3.ts';

/** Kinds of places where recovery points can live. */
export const stores = { directory, s3 } satisfies Record<string, AnyStoreKind>;
