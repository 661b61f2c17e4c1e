import * as z from 'zod';
import { type Signal, signal } from './signal.ts';

export const languages = ['zh-CN', 'en'] as const;
export type Language = (typeof languages)[number];

const preferences = z.object({
  language: z.enum(languages).default(() => (navigator.language.startsWith('zh') ? 'zh-CN' : 'en')),
  /** 0–100; at 0 the desk is silent and says so. */
  volume: z.number().min(0).max(100).default(70),
});
export type Preferences = z.infer<typeof preferences>;

const place = 'shouwang.preferences';

function kept(): Preferences {
  const found = preferences.safeParse(JSON.parse(localStorage.getItem(place) ?? '{}'));
  return found.success ? found.data : preferences.parse({});
}

/** What this person prefers on this machine. */
const chosen: Signal<Preferences> = signal(kept());

export const usePreferences = chosen.use;
export const currentPreferences = chosen.get;
export const watchPreferences = chosen.watch;

export function prefer(change: Partial<Preferences>): void {
  const next = { ...chosen.get(), ...change };
  localStorage.setItem(place, JSON.stringify(next));
  chosen.set(next);
}
