/** What is known of a message, a bit each. */
export const SAID = 1;
export const CRITICAL = 2;
/** Its PUBACK came. */
export const ACKED = 4;
export const JOURNALLED = 8;
/** It is a cause of an alert; and once more, which must not be. */
export const OCCURRED = 16;
export const OCCURRED_AGAIN = 32;

export type Message = { readonly hub: string; readonly boot: string; readonly seq: number };

/**
 * What the hubs of a load said and were told, a byte a message: an hour at 2,250 messages/s fits in some ten megabytes. Its `onSend`
 * and `onAck` are those of device-sim/load.ts.
 */
export type LoadLedger = {
  readonly onSend: (hub: { clientId: string }, boot: string, seq: number, critical: boolean) => void;
  readonly onAck: (hub: { clientId: string }, boot: string, seq: number) => void;
  /** Adds bits to a message of these hubs and gives what it had before; 0 when nobody ever said it. */
  readonly mark: (message: Message, bits: number) => number;
  readonly hubs: () => ReadonlySet<string>;
  readonly each: (show: (message: Message, bits: number) => void) => void;
  /** Messages that have all of these bits and none of those. */
  readonly count: (having: number, lacking?: number) => number;
  readonly acked: () => number;
  /** Resolves with the time (performance.now) of the next acknowledgement. */
  readonly nextAck: () => Promise<number>;
};

const FIRST_SIZE = 1_024;

export function loadLedger(): LoadLedger {
  const pages = new Map<string, Uint8Array>();
  let acked = 0;
  const waiting: ((at: number) => void)[] = [];

  function add(key: string, seq: number, bits: number): number {
    let page = pages.get(key) ?? new Uint8Array(FIRST_SIZE);
    if (seq >= page.length) {
      const larger = new Uint8Array(Math.max(page.length * 2, seq + 1));
      larger.set(page);
      page = larger;
    }
    pages.set(key, page);
    const before = page[seq] ?? 0;
    page[seq] = before | bits;
    return before;
  }

  const ledger: LoadLedger = {
    onSend: ({ clientId }, boot, seq, critical) =>
      void add(`${clientId} ${boot}`, seq, critical ? SAID | CRITICAL : SAID),
    onAck({ clientId }, boot, seq) {
      if ((add(`${clientId} ${boot}`, seq, ACKED) & ACKED) === 0) acked++;
      if (waiting.length === 0) return;
      for (const resolve of waiting.splice(0)) resolve(performance.now());
    },
    mark({ hub, boot, seq }, bits) {
      const key = `${hub} ${boot}`;
      const known = pages.get(key)?.[seq] ?? 0;
      return known === 0 ? 0 : add(key, seq, bits);
    },
    hubs: () => new Set([...pages.keys()].map((key) => key.split(' ')[0] ?? '')),
    each(show) {
      for (const [key, page] of pages) {
        const [hub = '', boot = ''] = key.split(' ');
        page.forEach((bits, seq) => {
          if (bits !== 0) show({ hub, boot, seq }, bits);
        });
      }
    },
    count(having, lacking = 0) {
      let count = 0;
      for (const page of pages.values())
        for (const bits of page) if (bits !== 0 && (bits & having) === having && (bits & lacking) === 0) count++;
      return count;
    },
    acked: () => acked,
    nextAck: () => new Promise((resolve) => waiting.push(resolve)),
  };
  return ledger;
}
