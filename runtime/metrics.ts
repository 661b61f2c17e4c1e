import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** One registry a process, handed to the parts that count. Names begin with shouwang_ and end in their unit. */
export type Metrics = {
  readonly counter: (name: string, help: string, labels?: string[]) => Counter;
  readonly gauge: (name: string, help: string, read?: () => number) => Gauge;
  /** One a combination of labels. */
  readonly gauges: (name: string, help: string, labels: string[]) => Gauge;
  /** Seconds, with buckets from 1 ms to 60 s. */
  readonly seconds: (name: string, help: string, labels?: string[]) => Histogram;
  /** The Prometheus text format. */
  readonly text: () => Promise<string>;
};

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];

export function openMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    counter: (name, help, labels = []) => new Counter({ name, help, labelNames: labels, registers }),
    gauge: (name, help, read) =>
      new Gauge({
        name,
        help,
        registers,
        ...(read && {
          collect() {
            this.set(read());
          },
        }),
      }),
    gauges: (name, help, labels) => new Gauge({ name, help, labelNames: labels, registers }),
    seconds: (name, help, labels = []) =>
      new Histogram({ name, help, labelNames: labels, buckets: BUCKETS, registers }),
    text: () => registry.metrics(),
  };
}
