import type { Measure } from '../core/measure.ts';
import { alerts } from './alerts.ts';
import { availability } from './availability.ts';
import { backups } from './backups.ts';
import { checks } from './checks.ts';
import { clock } from './clock.ts';
import { copies } from './copies.ts';
import { existing } from './existing.ts';
import { existingPoint } from './existing-point.ts';
import { integrity } from './integrity.ts';
import { recovery } from './recovery.ts';
import { region } from './region.ts';
import { restored } from './restored.ts';
import { retention } from './retention.ts';
import { rpo } from './rpo.ts';
import { rto } from './rto.ts';
import { schedule } from './schedule.ts';
import { service } from './service.ts';
import { shrunk } from './shrunk.ts';
import { slo } from './slo.ts';
import { readyAtEnd } from './ready-at-end.ts';
import { stillThere } from './still-there.ts';
import { sustained } from './sustained.ts';
import { undo } from './undo.ts';
import { route } from './route.ts';
import { witness } from './witness.ts';

/** Every measure, in the order in which a report tells them. */
export const measures: Record<string, Measure> = {
  witness,
  clock,
  route,
  rto,
  service,
  'ready-at-end': readyAtEnd,
  'still-there': stillThere,
  rpo,
  integrity,
  checks,
  recovery,
  restored,
  existing,
  'existing-point': existingPoint,
  region,
  schedule,
  backups,
  shrunk,
  copies,
  retention,
  availability,
  sustained,
  alerts,
  slo,
  undo,
};
