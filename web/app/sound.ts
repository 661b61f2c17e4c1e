import type { Priority } from '../../domain/category.ts';
import { currentPreferences } from './preferences.ts';
import { signal } from './signal.ts';

/** One tone of a call: Hz, when it begins and how long it lasts (s), and how loud it is beside the others. */
type Tone = { readonly hz: number; readonly at: number; readonly for: number; readonly gain: number };
export type Call = Priority | 'lost';

const tone = (hz: number, at: number, length: number, gain = 1): Tone => ({ hz, at, for: length, gain });

/**
 * Told apart by rhythm as much as by pitch, since old ears lose the high tones first: P1 six quick alternating tones, P2 two
 * pairs, P3 one rising pair, P4 one low tone; a lost server three falling ones.
 */
export const calls: Record<Call, readonly Tone[]> = {
  1: [0, 1, 2, 3, 4, 5].map((n) => tone(n % 2 ? 740 : 988, n * 0.17, 0.15)),
  2: [tone(659, 0, 0.18, 0.8), tone(659, 0.24, 0.18, 0.8), tone(523, 0.6, 0.18, 0.8), tone(523, 0.84, 0.18, 0.8)],
  3: [tone(494, 0, 0.22, 0.5), tone(587, 0.24, 0.3, 0.5)],
  4: [tone(330, 0, 0.35, 0.35)],
  lost: [tone(587, 0, 0.3, 0.9), tone(440, 0.34, 0.3, 0.9), tone(294, 0.68, 0.5, 0.9)],
};

/** How soon a call comes again while it is not answered, ms. */
export const againAfterMs: Partial<Record<Call, number>> = { 1: 2_400, 2: 7_000, lost: 10_000 };

let context: AudioContext | null = null;

/** Browsers let nothing sound before the person has touched the page. */
export const soundBlocked = signal(false);

function audio(): AudioContext {
  if (!context) {
    context = new AudioContext();
    context.onstatechange = () => soundBlocked.set(context?.state !== 'running');
    soundBlocked.set(context.state !== 'running');
  }
  return context;
}

/** Asks the browser whether we may sound; called at once and again at every touch until it says yes. */
export function allowSound(): void {
  void audio().resume();
}

export function play(call: Call): void {
  const now = audio();
  if (now.state !== 'running') {
    allowSound();
    return;
  }
  const loudness = (currentPreferences().volume / 100) ** 2;
  for (const { hz, at, for: length, gain } of calls[call]) {
    const source = new OscillatorNode(now, { type: 'triangle', frequency: hz });
    const envelope = new GainNode(now, { gain: 0 });
    const from = now.currentTime + at;
    envelope.gain.setValueAtTime(0, from);
    envelope.gain.linearRampToValueAtTime(gain * loudness, from + 0.015);
    envelope.gain.setValueAtTime(gain * loudness, from + length - 0.04);
    envelope.gain.linearRampToValueAtTime(0, from + length);
    source.connect(envelope).connect(now.destination);
    source.start(from);
    source.stop(from + length);
  }
}
