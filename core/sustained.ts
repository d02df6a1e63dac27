/**
 * Requests at a steady rate beside the clients of the ledger, made by a load generator of the driver's. They
 * are in no ledger and prove nothing of data: they are the traffic under which a system is broken and
 * recovers.
 */
export interface SustainedPlan {
  /** Requests a second over all connections: a whole number, at least 1. */
  ratePerSecond: number;
  connections: number;
  /** Which of the component's requests, by name, in turn; all of them where it is left out. */
  requests?: readonly string[] | undefined;
}

/** By the generator's own account. */
export interface SustainedFigures {
  /** Answers with a status that their request expects, that arrived in each second from the beginning on. */
  perSecond: number[];
  /** Answers by status, such as { "200": 1993, "503": 7 }. */
  statuses: Record<string, number>;
  /** Requests that got no answer: a connection that failed, or ended. */
  errors: number;
  /** Requests that got none in time. */
  timeouts: number;
  /** Of all answers, from sending on. Null where there was none. */
  latencyMs: { p50: number; p90: number; p99: number; max: number } | null;
}

/** One that is begun: its first second begins when it is given. */
export interface SustainedLoad {
  /** Ends it, and gives its figures. */
  stop(): Promise<SustainedFigures>;
}

/** What a driver declares of it. */
export interface SustainedEntry<Config> {
  about: string;
  /** Why a component so configured cannot have it; null where it can. */
  lacks(config: Config, plan: Pick<SustainedPlan, 'requests'>): string | null;
}

/** On the timeline. `sustained`: its name in the scenario. */
export interface SustainedBegun {
  sustained: string;
  target: string;
  ratePerSecond: number;
  connections: number;
  requests?: string[];
}

/** `fromAtMs`: when its first second began. */
export interface SustainedEnded extends SustainedFigures {
  sustained: string;
  fromAtMs: number;
}
