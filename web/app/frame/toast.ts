import { signal } from '../signal.ts';

/** One short word about what just happened, with at most one way back. */
export type Toast = {
  readonly text: string;
  readonly forMs: number;
  readonly action?: { readonly label: string; readonly run: () => void };
};

export const toast = signal<Toast | null>(null);
export const tell = (text: string, action?: Toast['action'], forMs = action ? 10_000 : 5_000): void =>
  toast.set({ text, forMs, ...(action ? { action } : {}) });
