import { kinds, outcomes } from '../core/ledger.ts';

/** True when a record can be judged at all; every pass leaves out the others. */
export const isSound = (view: DataView, at: number): boolean => flawOf(view, at) === null;

export function flawOf(view: DataView, at: number): string | null {
  const kind = view.getUint8(at + 1);
  if (kind < kinds.write || kind > kinds.answer) return `is of kind ${kind}, which does not exist`;
  if (kind === kinds.readback && view.getUint8(at + 2) !== outcomes.ok)
    return `was read back with the outcome ${view.getUint8(at + 2)}`;
  if (view.getUint8(at + 2) > 2) return `has the outcome ${view.getUint8(at + 2)}, which does not exist`;
  const invokedMs = view.getFloat64(at + 16, true);
  const durationMs = view.getFloat32(at + 12, true);
  if (!(invokedMs >= 0 && invokedMs < Infinity && durationMs >= 0 && durationMs < Infinity))
    return `has no time that could be: invoked ${invokedMs}, lasting ${durationMs} ms`;
  if (kind === kinds.write && view.getUint32(at + 4, true) >>> 4 !== view.getUint32(at + 8, true) >>> 4)
    return `belongs to a group that crosses a multiple of ${groupIdsMax} ids`;
  return null;
}

/** Groups are aligned to their size, at most this many ids: none crosses a multiple of it. */
export const groupIdsMax = 16;
