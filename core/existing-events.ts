import type { OfStep } from './steps/running.ts';

interface Looked extends OfStep {
  component: string;
  /** Path or URI. */
  name: string;
  bytes: number;
}

/**
 * A backup that other tools made was looked at and not restored. `passed-over`: it is none of this
 * component's. `refused`: it should have been restored, and could not.
 */
interface ExistingExamined extends Looked {
  outcome: 'passed-over' | 'refused';
  why: string;
}

/**
 * Bytes and digest are those of the file as it lies there; `made*` is what is in it says of itself, in its
 * own words. `order`: by what it was the first to try, in words.
 */
interface ExistingRestored extends Looked {
  provenance: 'external';
  sha256: string;
  /** What it was packed and encrypted in, from the outside in. */
  layers: string[];
  format: string;
  /** False where nothing at its end says so. */
  whole: boolean;
  order: string;
  madeAt: string | null;
  madeBy: string | null;
  madeOn: string | null;
  database: string | null;
}

/** What is on a timeline of backups that other tools made. */
export interface ExistingEvents {
  'existing.examined': ExistingExamined;
  'existing.restored': ExistingRestored;
}
