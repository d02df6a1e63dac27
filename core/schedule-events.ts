/** What is told of schedules, and of the runs that they begin. */
export interface ScheduleEvents {
  /**
   * `scaledMs`: how often it runs in this drill; where the scenario names no time scale, until a backup was
   * measured. `holds`: what is in its points, where that is no data. `follows`: whose clock it runs by.
   */
  'schedule.begun': {
    backup: string;
    method: string;
    intervalMs: number | null;
    scaledMs: number | null;
    holds?: 'software';
    follows?: FollowsTold;
    /** What is in none of its points, in words. */
    leavesOut?: string[];
  };
  /**
   * How often it runs from here on, by what its first backup took; `factor`: how many times more often than
   * declared.
   */
  'schedule.measured': { backup: string; point: string; tookMs: number; scaledMs: number; factor: number };
  /** `lateMs`: as of `backup.begun`, of a run that was due by then. */
  'schedule.stopped': { backup: string; reason: string; lateMs?: number };
  /** `lateMs`: for how long Muster itself kept it waiting once it was due and the one before had ended. */
  'backup.begun': {
    id: string;
    backup: string;
    point: string;
    lateMs?: number;
    /** Of one that is followed: when it was last looked for, and no sign of it there. */
    lastWithoutMs?: number;
  };
}

/**
 * A schedule that others run by their own clock, `service` or somebody outside of the stack; `set`: the
 * variable of the service that was set in the drill's copy to have it run as it does.
 */
export interface FollowsTold {
  service: string | null;
  set?: { name: string; value: string };
}
