import type { Log } from './log.ts';

export type Stop = () => Promise<void> | void;

/** What has been started, to be stopped in reverse order. Every start returns its stop and is added here. */
export type Lifecycle = { readonly add: (name: string, stop: Stop) => void; readonly stop: () => Promise<void> };

const STOP_WITHIN_MS = 10_000;

export function lifecycle(log: Log): Lifecycle {
  const started: { name: string; stop: Stop }[] = [];
  let stopping: Promise<void> | null = null;

  async function stopAll(): Promise<void> {
    for (const { name, stop } of started.toReversed()) {
      try {
        await stop();
      } catch (err) {
        log.error({ err, part: name }, 'a part did not stop cleanly');
      }
    }
  }

  return {
    add: (name, stop) => started.push({ name, stop }),
    stop() {
      stopping ??= Promise.race([
        stopAll(),
        new Promise<void>((resolve) => {
          setTimeout(() => {
            log.error('parts were still stopping after 10 s; ending all the same, the journal is safe');
            resolve();
          }, STOP_WITHIN_MS).unref();
        }),
      ]);
      return stopping;
    },
  };
}

/** A failure that goes on, of a database that is away for a minute, is not said twice a second. */
const SAY_AGAIN_MS = 10_000;

/**
 * Repeats `work` until stopped: at once when nudged, else after `restMs`. One run at a time, and its beginning at least `apartMs` after
 * that of the last one, so that a burst of nudges is a few runs and not hundreds. An error is logged and the next run comes all the
 * same. The stop waits for the run under way.
 */
export function repeat(
  log: Log,
  name: string,
  restMs: number,
  work: () => Promise<void>,
  apartMs = 0,
): { readonly nudge: () => void; readonly stop: () => Promise<void> } {
  let stopped = false;
  let nudged = false;
  let wake = (): void => {};
  let said = { what: '', at: 0 };

  function say(err: unknown): void {
    const what = String(err);
    const at = performance.now();
    if (what === said.what && at - said.at < SAY_AGAIN_MS) return;
    said = { what, at };
    log.error({ err, work: name }, 'a round failed; the next one comes');
  }

  async function run(): Promise<void> {
    for (let begun = Number.NEGATIVE_INFINITY; !stopped; ) {
      const tooSoonMs = begun + apartMs - performance.now();
      if (tooSoonMs > 0) await new Promise((resolve) => setTimeout(resolve, tooSoonMs));
      begun = performance.now();
      nudged = false;
      try {
        await work();
      } catch (err) {
        say(err);
      }
      if (stopped || nudged) {
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, restMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  const running = run();
  return {
    nudge() {
      nudged = true;
      wake();
    },
    async stop() {
      stopped = true;
      wake();
      await running;
    },
  };
}
