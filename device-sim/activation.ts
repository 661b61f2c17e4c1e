import { seconds } from '../domain/time.ts';

/** How long a motion sensor stays on after the last movement that it saw. */
export const MOTION_HOLD_MS = seconds(60);

/**
 * Turns the activations of a sensor into what it says: on at each, off once `holdMs` has passed without another.
 * Sensors repeat "on" while it lasts, so a long stay is seen as a long stay.
 */
export function onAndOff(activatedAt: readonly number[], holdMs: number): { at: number; value: boolean }[] {
  const times = [...activatedAt].sort((a, b) => a - b);
  return times.flatMap((at, i) => {
    const next = times[i + 1];
    const off = at + holdMs;
    return next !== undefined && next <= off
      ? [{ at, value: true }]
      : [
          { at, value: true },
          { at: off, value: false },
        ];
  });
}
