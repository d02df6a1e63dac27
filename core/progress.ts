import type { Phase } from './timeline.ts';

/** What a running drill tells whoever watches. Nothing is measured from these: the timeline is. */
export type Progress =
  | { kind: 'drill'; scenario: string; index: number; of: number }
  | { kind: 'phase'; phase: Phase; title?: string }
  | { kind: 'work'; what: string; done: number; total: number | null; unit: 'bytes' | 'events' }
  | { kind: 'client'; perSecond: number; failedPerSecond: number; failing: boolean }
  | { kind: 'line'; text: string };
