import type { DrillResult } from '../../core/result.ts';
import type { MemoryDrill } from '../support/memory-drill.ts';

/**
 * A whole drill on the memory driver, and what it must come to. `red`, `open`: how ids begin of findings that
 * fail, or are inconclusive.
 */
export interface MemoryCase {
  name: string;
  drill: MemoryDrill;
  exitCode: 0 | 1 | 2;
  red?: string[];
  open?: string[];
  shows?(result: DrillResult): unknown;
  is?: unknown;
}

/** One that must not pass, and beside it the nearest drill that must. */
export interface BadMemoryCase extends MemoryCase {
  near: Omit<MemoryCase, 'exitCode' | 'red' | 'open'>;
}
