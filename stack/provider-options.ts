import type { Clock } from '../core/clock.ts';
import type { Lookup } from './egress-exceptions.ts';

export interface StackProviderOptions {
  /** Told of what takes long outside a drill's own progress, such as building images. */
  progress(line: string): void;
  /** Who owns the drills, as in owner.ts. Default: this process. */
  owner?: string;
  /** Where the reference application begins. Default: fixtures/app/main.ts. */
  appEntry?: string;
  clock?: Clock;
  /** False: nothing is kept for later drills, and nothing taken that an earlier one kept. Default: true. */
  snapshots?: boolean;
  healthDeadlineMs?: number;
  /** Who says what the names of `egress` stand for. Default: this machine's resolver. */
  lookup?: Lookup;
  /** Whether stacks are brought up once all is planned: what that takes is loaded while Compose reads. */
  soon?: boolean;
}
