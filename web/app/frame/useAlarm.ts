import { useEffect } from 'react';
import type { QueuedAlert } from '../../wire/alert.ts';
import { againAfterMs, allowSound, type Call, play } from '../sound.ts';
import { link } from './useLive.ts';

/** The loudest call that nobody has answered; only life-critical and urgent alerts call until they are taken. */
export function unanswered(alerts: readonly Pick<QueuedAlert, 'state' | 'priority'>[]): 1 | 2 | null {
  const calling = alerts.filter(({ state, priority }) => state === 'open' && priority <= 2);
  if (calling.length === 0) return null;
  return calling.some(({ priority }) => priority === 1) ? 1 : 2;
}

/** Sounds for as long as something is unanswered, and once for what only wants to be noticed. */
export function useAlarm(alerts: readonly QueuedAlert[], arrivals: readonly QueuedAlert[], enabled: boolean): void {
  const lost = link.use() === 'lost';
  const call: Call | null = enabled ? (lost ? 'lost' : unanswered(alerts)) : null;

  useEffect(() => {
    if (!enabled) return;
    allowSound();
    document.addEventListener('pointerdown', allowSound);
    document.addEventListener('keydown', allowSound);
    return () => {
      document.removeEventListener('pointerdown', allowSound);
      document.removeEventListener('keydown', allowSound);
    };
  }, [enabled]);

  useEffect(() => {
    if (call === null) return;
    play(call);
    const again = setInterval(() => play(call), againAfterMs[call]);
    return () => clearInterval(again);
  }, [call]);

  useEffect(() => {
    const notable = arrivals.map(({ priority }) => priority).toSorted((a, b) => a - b)[0];
    if (enabled && (notable === 3 || notable === 4)) play(notable);
  }, [arrivals, enabled]);
}
