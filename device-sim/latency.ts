/** Latencies counted in bins: 10 µs wide up to 100 ms, 1 ms wide up to a minute, where all longer ones are put. */
export type Latencies = {
  readonly add: (ms: number) => void;
  /** The latency in ms that the share `q` of all stayed within; NaN when there are none, which passes no bar. */
  readonly quantile: (q: number) => number;
};

const FINE_PER_MS = 100;
const FINE_BINS = 100 * FINE_PER_MS;
const COARSE_BINS = 60_000 - 100;

export function latencies(): Latencies {
  const bins = new Uint32Array(FINE_BINS + COARSE_BINS);
  let total = 0;
  return {
    add(ms) {
      const bin = ms < 100 ? Math.floor(ms * FINE_PER_MS) : Math.min(FINE_BINS + Math.floor(ms - 100), bins.length - 1);
      bins[bin] = (bins[bin] ?? 0) + 1;
      total++;
    },
    quantile(q) {
      let left = Math.ceil(total * q);
      if (left === 0) return Number.NaN;
      const bin = bins.findIndex((count) => {
        left -= count;
        return left <= 0;
      });
      return bin < FINE_BINS ? (bin + 1) / FINE_PER_MS : bin - FINE_BINS + 101;
    },
  };
}
