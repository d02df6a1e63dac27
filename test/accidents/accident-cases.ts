/** F40 of the field cases: a drill that is ended between the fault and the recovery. */
export const ended = {
  interrupted: 'SIGINT: each fault is undone, nothing is left, 130',
  killed: 'SIGKILL: `muster gc` finds and ends everything, and what somebody else has paused stays paused',
} as const;

/** Kills while folders of the host are copied: when, and what the drill has said by then. */
export const copying: [when: string, said: RegExp][] = [
  ['as it begins', /copying \.\/uploads/],
  ['half-way', /copying \.\/uploads: \d/],
];
