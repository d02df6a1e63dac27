import { eventsOf, type Phase, type ProcedureName, type TimelineEvent } from './timeline.ts';

/** What a procedure is to whoever reads its timeline: its phases, in order; judging comes afterwards. */
interface ProcedureKind {
  about: string;
  phases: readonly Phase[];
  /** Something is broken: else nobody notices it, and there is no time since. */
  breaks: boolean;
}

/** Every procedure. */
export const procedureKinds: Record<ProcedureName, ProcedureKind> = {
  drill: {
    about: 'a running system is broken and recovered, under its clients',
    phases: ['up', 'seed', 'protect', 'break', 'detect', 'recover', 'verify', 'heal', 'down'],
    breaks: true,
  },
  'restore-test': {
    about: 'a recovery point that is there already is restored into an empty sandbox, and checked',
    phases: ['up', 'recover', 'verify', 'heal', 'down'],
    breaks: false,
  },
};

/** The procedure that these events are of. */
export const procedureOf = (events: readonly TimelineEvent[]): ProcedureName =>
  eventsOf(events, 'drill.begun')[0]?.data.procedure ?? 'drill';
