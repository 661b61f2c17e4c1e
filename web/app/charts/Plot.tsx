import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { days } from '../../../domain/time.ts';
import type { Language } from '../preferences.ts';
import { date, shortDate, timeOfDay } from '../times.ts';
import { useWords } from '../words/speak.ts';
import classes from './plot.module.css';

type Point = { readonly at: number; readonly mean: number };

export type PlotProps = {
  /** One or two lines, each in the order of time. */
  readonly lines: readonly (readonly Point[])[];
  readonly bands: readonly (readonly [number, number])[];
  readonly from: number;
  readonly to: number;
  readonly unit: string;
  readonly zone: string;
  readonly label: string;
};

/** Columns on one axis of time: seconds, then a value or nothing for each line. */
function columns(lines: PlotProps['lines']): uPlot.AlignedData {
  const times = [...new Set(lines.flatMap((line) => line.map(({ at }) => at)))].toSorted((a, b) => a - b);
  const values = lines.map((line) => {
    const byTime = new Map(line.map(({ at, mean }) => [at, mean]));
    return times.map((at) => byTime.get(at) ?? null);
  });
  return [times.map((at) => at / 1_000), ...values];
}

/** Room for the readings and their limits, so that a line near a limit is seen to be near it. */
function scaleOf({ lines, bands }: PlotProps): [number, number] {
  const all = [...lines.flatMap((line) => line.map(({ mean }) => mean)), ...bands.flat()];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const margin = Math.max(1, (high - low) * 0.12);
  return [low - margin, high + margin];
}

const variable = (of: Element, name: string): string => getComputedStyle(of).getPropertyValue(name).trim();

/** The band of the limits, drawn behind the lines. */
function paintBand(plot: uPlot, band: readonly [number, number], colour: string): void {
  const { left, width, top, height } = plot.bbox;
  const clamp = (y: number): number => Math.min(top + height, Math.max(top, y));
  const [low, high] = band.map((value) => clamp(plot.valToPos(value, 'y', true)));
  if (low === undefined || high === undefined) return;
  plot.ctx.save();
  plot.ctx.fillStyle = colour;
  plot.ctx.fillRect(left, high, width, low - high);
  plot.ctx.restore();
}

type Context = { readonly place: HTMLElement; readonly language: Language };

/** Everything that uPlot is told, in the colours of the theme that `place` stands in. */
function options(given: PlotProps, { place, language }: Context): uPlot.Options {
  const text = variable(place, '--mantine-color-dimmed');
  const line = variable(place, '--sw-line');
  const strokes = [variable(place, '--sw-heat'), text];
  const short = given.to - given.from <= days(1);
  const said = short ? timeOfDay : shortDate;
  const axis = {
    stroke: text,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1 },
    font: `13px ${variable(place, '--mantine-font-family')}`,
  };
  return {
    width: place.clientWidth,
    height: place.clientHeight,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: true, range: [given.from / 1_000, given.to / 1_000] }, y: { range: scaleOf(given) } },
    axes: [
      { ...axis, space: 70, values: (_, splits) => splits.map((s) => said(s * 1_000, language, given.zone)) },
      { ...axis, size: 42 },
    ],
    series: [
      {},
      ...given.lines.map((_, index) => ({
        stroke: strokes[index] ?? text,
        width: 1.75,
        spanGaps: true,
        points: { show: true, size: 5, fill: strokes[index] ?? text },
      })),
    ],
    hooks: {
      drawClear: [
        (drawn) => {
          for (const band of given.bands) paintBand(drawn, band, variable(place, '--sw-band'));
        },
      ],
      setCursor: [
        (plot) => {
          place.dataset.at = underCursor(plot, given, language);
        },
      ],
    },
  };
}

/** The reading under the pointer: when, and how much. */
function underCursor({ cursor, data }: uPlot, { zone, unit }: PlotProps, language: Language): string {
  const index = cursor.idx ?? -1;
  const at = data[0][index];
  if (at === undefined) return '';
  const values = data.slice(1).map((column) => column[index]);
  const shown = values.map((value) => (value == null ? '–' : Math.round(value * 10) / 10)).join('/');
  return `${date(at * 1_000, language, zone)} ${timeOfDay(at * 1_000, language, zone)} · ${shown} ${unit}`;
}

export function Plot(props: PlotProps) {
  const { language } = useWords();
  const scheme = useComputedColorScheme();
  const box = useRef<HTMLDivElement>(null);
  // Drawn anew when what is drawn, said or coloured differs, and not at every second of the clock.
  const latest = JSON.stringify([props, language, scheme]);
  useEffect(() => {
    const place = box.current;
    if (!place) return;
    const [given, spoken] = JSON.parse(latest) as [PlotProps, Language];
    const plot = new uPlot(options(given, { place, language: spoken }), columns(given.lines), place);
    const resized = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: place.clientHeight }));
    resized.observe(place);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [latest]);
  return <div ref={box} className={classes.plot} role="img" aria-label={props.label} />;
}
