/** What a running system counts just now, by name, as Prometheus would read it; labels as they are written there. NaN for a name it has not. */
export async function metricsOf(httpUrl: string): Promise<(name: string) => number> {
  const lines = (await (await fetch(`${httpUrl}/metrics`)).text()).split('\n');
  return (name) => {
    const line = lines.find((it) => it.startsWith(`${name} `));
    return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
  };
}
