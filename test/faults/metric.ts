/** The value of a metric of a running system, as Prometheus would read it; labels as they are written there. NaN when it has none of that name. */
export async function metricOf(httpUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${httpUrl}/metrics`)).text();
  const line = text.split('\n').find((it) => it.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
}
