import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readingKind } from '../domain/reading.ts';
import { startFreshSystem, until } from './system.ts';

const PROMTOOL = 'promtool';
const docs = new URL('../docs/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, docs), 'utf8');

type Target = { readonly datasource: { uid: string }; readonly expr?: string; readonly query?: string };
type Dashboard = { readonly uid: string; readonly panels: readonly { id: number; title: string; targets: Target[] }[] };
const dashboard = (name: string): Dashboard => JSON.parse(read(`grafana/dashboards/${name}.json`));

/** Names of figures in a text of PromQL. */
const figuresIn = (text: string): string[] => [
  ...new Set(text.match(/\b(?:shouwang|nodejs|process)_[a-z0-9_]+/g) ?? []),
];

describe('what Prometheus and Grafana are told to look at', () => {
  let system: Awaited<ReturnType<typeof startFreshSystem>>;
  let figures: string;
  beforeAll(async () => {
    // An InfluxDB that nobody serves: only that it is set counts here.
    system = await startFreshSystem({ env: { SHOUWANG_INFLUX_URL: 'http://127.0.0.1:9' } });
    figures = await until('the figures of the database', async () => {
      const text = await (await fetch(`${system.httpUrl}/metrics`)).text();
      return /^shouwang_figures_read_timestamp_seconds [1-9]/m.test(text) && text;
    });
  });
  afterAll(() => system.end());

  const isThere = (name: string): boolean => {
    const types = new RegExp(`^# TYPE (?:${name}|${name.replace(/_(?:bucket|sum|count)$/, '')}) `, 'm');
    return types.test(figures);
  };

  test.each(['prometheus/shouwang.rules.yml', 'grafana/dashboards/system.json'])(
    '%s names only figures that there are',
    (path) => {
      const named = figuresIn(read(path));
      expect(named.length).toBeGreaterThan(10);
      expect(named.filter((name) => !isThere(name))).toEqual([]);
    },
  );

  test('a figure that is none is noticed', () => {
    expect(
      figuresIn('rate(shouwang_intake_commits_total[5m]) > shouwang_nonsense').filter((name) => !isThere(name)),
    ).toEqual(['shouwang_nonsense']);
  });

  test('the auditor and each role give the age of their sign of life', async () => {
    const roles = await until(
      'the signs of life',
      async () => {
        const text = await (await fetch(`${system.httpUrl}/metrics`)).text();
        const found = [...text.matchAll(/^shouwang_role_beat_age_seconds\{role="(\w+)"\}/gm)].map(([, role]) => role);
        return found.length === 5 && found;
      },
      40_000,
    );
    expect(roles.toSorted()).toEqual(['alerts', 'auditor', 'broker', 'ingest', 'web']);
  });
});

test('the rules are what Prometheus understands', () => {
  const checked = spawnSync(PROMTOOL, ['check', 'rules', new URL('prometheus/shouwang.rules.yml', docs).pathname]);
  // Where it is not installed only the names above are checked.
  if (!checked.error) expect(String(checked.stderr) + checked.stdout).toMatch(/SUCCESS/);
  const rules = read('prometheus/shouwang.rules.yml')
    .split(/^ {6}- alert: /m)
    .slice(1);
  for (const rule of rules) {
    expect(rule).toMatch(/labels: \{ severity: (page|ticket) \}/);
    expect(rule).toMatch(/summary: .+\n\s+description: .+/);
  }
});

test.each(['system', 'readings'])('the dashboard "%s" asks only sources and readings that there are', (name) => {
  const sources = ['influxdb', 'prometheus'].map((it) => /uid: (\w+)/.exec(read(`grafana/datasources/${it}.yml`))?.[1]);
  const { panels, uid } = dashboard(name);
  expect(uid).toBe(`shouwang-${name}`);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const { title, targets } of panels) {
    expect(targets.length, title).toBeGreaterThan(0);
    for (const { datasource, expr, query } of targets) {
      expect(sources, title).toContain(datasource.uid);
      if (datasource.uid === 'metrics') expect(figuresIn(expr ?? ''), title).not.toEqual([]);
      else checkFlux(query ?? '', title);
    }
  }
});

/** As store/influx.ts writes them. */
function checkFlux(query: string, title: string): void {
  const all = (pattern: RegExp) => [...query.matchAll(pattern)].map(([, word]) => word);
  const kinds: readonly string[] = readingKind.options;
  const measurements = all(/_measurement == "(\w+)"/g);
  expect(measurements.length, title).toBeGreaterThan(0);
  expect(
    measurements.filter((kind) => !kinds.includes(kind ?? '')),
    title,
  ).toEqual([]);
  expect(all(/bucket: "(\w+)"/g), title).toEqual(['readings']);
  expect(all(/_field == "(\w+)"/g), title).toEqual(['value']);
  expect(
    all(/r\.([a-z]\w*) ==/g).filter((tag) => !['household', 'hub', 'device'].includes(tag ?? '')),
    title,
  ).toEqual([]);
}
