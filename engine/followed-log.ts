import type { Follower } from '../core/backup.ts';
import type { LogWriter } from '../core/store.ts';
import { attachedTo, type Recorded, type Sandbox, type Control } from './drill-context.ts';
import type { PlannedBackup } from '../core/planned.ts';
import { pointSpecOf } from './point-spec.ts';

export interface FollowedLog {
  of: string;
  id: string;
  begun: Promise<void>;
  cut(): void;
  stop(): Promise<void>;
}

export function startLog(drill: Recorded & Sandbox & Control, backup: PlannedBackup): FollowedLog {
  const { timeline } = drill;
  timeline.emit('schedule.begun', {
    backup: backup.id,
    method: backup.plan.method,
    intervalMs: null,
    scaledMs: null,
  });
  let follower: Follower | null = null;
  let writer: LogWriter | null = null;
  const cut = new AbortController();
  const signal = AbortSignal.any([drill.signal, cut.signal]);
  let told = false;
  let over = false;
  let lastSegment = 0;
  const broken = (why: { error: string; unread?: true }): void => {
    if (!told && !over) timeline.emit('log.broken', { backup: backup.id, ...why });
    told = true;
  };
  const begin = async (): Promise<void> => {
    writer = await drill.repository!.followLog(pointSpecOf(backup), (segment) => {
      timeline.emit('log.durable', { backup: backup.id, ...segment });
      lastSegment = segment.segment;
    });
    const method = attachedTo(drill, backup.component).backups[backup.plan.method]!;
    follower = await method.follow!(writer, { options: backup.options, signal, base: null });
    void follower.broken.then((error) => broken({ error }));
  };
  const begun = begin();
  begun.catch(() => undefined);
  return {
    of: backup.component,
    id: backup.id,
    begun,
    cut: () => cut.abort(new Error('what it follows is out of reach')),
    stop: async () => {
      await begun.catch(() => undefined);
      const lacking = await follower?.stop();
      if (typeof lacking === 'string') broken({ error: lacking, unread: true });
      await writer?.close();
      if (!over) timeline.emit('log.ended', { backup: backup.id, lastSegment, broken: told });
      over = true;
    },
  };
}
