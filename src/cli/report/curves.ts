/** Curves over what doubles: a batch, or the size of an image. Equal steps to the right are equal factors. */
import type { PlotOptions, SymbolType } from '@observablehq/plot';
import { significant } from './html.ts';
import type { Drawing, Key } from './plots.ts';
import { paint } from './style.ts';

export interface Curve extends Key {
  readonly symbol: SymbolType;
  /** Whether it was measured on another machine. */
  readonly dashed?: boolean;
  readonly points: readonly Point[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Axes {
  readonly width: number;
  readonly height: number;
  readonly x: string;
  readonly y: string;
  /** A level to compare with. */
  readonly level?: number;
  /** The text after a value; `×`. */
  readonly unit?: string;
}

const MARGINS = { marginTop: 26, marginRight: 14, marginBottom: 40, marginLeft: 46 } as const;
const INSET = 10;

/** All curves in one frame, upwards from zero, so that heights compare as the values do. */
export function curvesPlot({ Plot }: Drawing, curves: readonly Curve[], axes: Axes): PlotOptions {
  const { width, height, unit = '', level } = axes;
  const sizes = curves.flatMap(({ points }) => points.map(({ x }) => x));
  const ticks = spacedTicks(sizes, width - MARGINS.marginLeft - MARGINS.marginRight - 2 * INSET);
  const lines = curves.map(({ points, colour, dashed }) => {
    const strokeDasharray = dashed ? '5 4' : undefined;
    return Plot.line(points, { x: 'x', y: 'y', stroke: paint(colour), strokeWidth: 2, strokeDasharray });
  });
  const dots = curves.map(({ name, points, colour, symbol }) => {
    const title = ({ x, y }: Point): string => `${name}, ${axes.x} ${x}: ${significant(y)}${unit || ` ${axes.y}`}`;
    return Plot.dot(points, { x: 'x', y: 'y', fill: paint(colour), symbol, r: 4, title });
  });
  const rule = level === undefined ? [] : [Plot.ruleY([level], { stroke: paint('muted'), strokeWidth: 1.5 })];
  const labels = { labelArrow: 'none' } as const;
  return {
    ...MARGINS,
    width,
    height,
    x: {
      ...labels,
      label: axes.x,
      labelAnchor: 'center',
      type: 'log',
      base: 2,
      inset: INSET,
      ticks,
      tickFormat: String,
    },
    y: {
      ...labels,
      label: axes.y,
      zero: true,
      nice: 5,
      grid: true,
      ticks: 5,
      tickSize: 0,
      tickFormat: (y) => `${y}${unit}`,
    },
    marks: [Plot.ruleY([0]), ...rule, ...lines, ...dots],
  };
}

/** The values that have room for their number below the axis. */
export function spacedTicks(values: readonly number[], width: number): number[] {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  const octave = width / Math.log2(sorted[sorted.length - 1] / sorted[0]);
  const ticks: number[] = [];
  for (const value of sorted) {
    const last = ticks[ticks.length - 1];
    if (last === undefined || Math.log2(value / last) * octave >= 26) ticks.push(value);
  }
  return ticks;
}
