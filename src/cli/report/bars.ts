/** Bars to the right: the time of layers by phase, and the speed of algorithms on one layer. */
import type { PlotOptions } from '@observablehq/plot';
import type { Phases } from '../score/result.ts';
import { significant } from './html.ts';
import type { Drawing } from './plots.ts';
import { type Colour, paint } from './style.ts';

/** In the order of the work. */
export const PHASES: readonly { readonly phase: keyof Phases; readonly name: string; readonly colour: Colour }[] = [
  { phase: 'inputTransform', name: 'input transform', colour: 'orange' },
  { phase: 'blockMultiplication', name: 'block multiplication', colour: 'blue' },
  { phase: 'outputTransform', name: 'output transform', colour: 'green' },
  { phase: 'other', name: 'other', colour: 'grey' },
];

/** One bar: the phases of one layer, computed in one way. */
export interface PhaseBar {
  readonly layer: string;
  /** Which of the bars of its layer it is. */
  readonly bar: string;
  /** Text at the end of the bar, after its length. */
  readonly note: string;
  readonly phases: Phases;
  /** A bar to compare with. */
  readonly pale?: boolean;
}

export interface BarAxes {
  readonly width: number;
  /** What the length of a bar is. */
  readonly x: string;
}

/** Height of a bar, room between layers, and the width of a letter, on the safe side for most fonts. */
const BAR = 12;
const GAP = 6;
const LETTER = 7.7;
const NOTE_LETTER = 6.4;

/**
 * The bars of every layer, one below the other, each a stack of its phases.
 *
 * @param among these bars and those of the plots beside this one, which all get the same scale
 */
export function phasesPlot(
  { Plot }: Drawing,
  bars: readonly PhaseBar[],
  among: readonly PhaseBar[],
  { width, x }: BarAxes,
): PlotOptions {
  const layers = [...new Set(bars.map(({ layer }) => layer))];
  const rows = [...new Set(bars.map(({ bar }) => bar))];
  const rowHeight = BAR * rows.length + GAP;
  const marginLeft = 12 + LETTER * Math.max(...among.map(({ layer }) => shorten(layer).length));
  const room = width - marginLeft - 4;
  const most = Math.max(...among.map(lengthOf));
  // The longest scale at which the note of every bar fits behind it.
  const inner = Math.min(
    ...among.map((bar) => ((room - NOTE_LETTER * noteOf(bar).length) * most) / lengthOf(bar)),
    room,
  );
  return {
    width,
    height: 4 + rowHeight * layers.length + 36,
    marginTop: 4,
    marginBottom: 36,
    marginLeft,
    marginRight: width - marginLeft - inner,
    x: { domain: [0, most], grid: true, ticks: 5, label: x, labelAnchor: 'center', labelArrow: 'none' },
    y: { domain: rows, axis: null, paddingInner: 1 / BAR, paddingOuter: GAP / 2 / BAR },
    fy: { domain: layers, axis: 'left', label: null, padding: 0, tickFormat: shorten },
    marks: [
      Plot.barX(bars.flatMap(pieces), {
        fy: 'layer',
        y: 'bar',
        x1: 'start',
        x2: 'end',
        fill: 'colour',
        fillOpacity: 'opacity',
        title: 'title',
      }),
      Plot.text(bars, { fy: 'layer', y: 'bar', x: lengthOf, text: noteOf, textAnchor: 'start', dx: 4, fontSize: 10 }),
      Plot.ruleX([0]),
    ],
  };
}

function lengthOf({ phases }: PhaseBar): number {
  return PHASES.reduce((sum, { phase }) => sum + phases[phase], 0);
}

function noteOf(bar: PhaseBar): string {
  return `${significant(lengthOf(bar))} ${bar.note}`;
}

/** The phases of a bar that take time, one behind the other. */
function pieces(bar: PhaseBar) {
  let end = 0;
  return PHASES.flatMap(({ phase, name, colour }) => {
    const start = end;
    end += bar.phases[phase];
    const title = `${bar.layer}, ${bar.bar}: ${name} ${significant(end - start)} of ${significant(lengthOf(bar))}`;
    const piece = { layer: bar.layer, bar: bar.bar, start, end, title };
    return end > start ? [{ ...piece, colour: paint(colour), opacity: bar.pale ? 0.5 : 1 }] : [];
  });
}

export interface SpeedBar {
  readonly name: string;
  readonly speed: number;
  readonly marked: boolean;
}

/**
 * One bar for each algorithm; a colour and a word tell the marked one.
 *
 * @param most the longest bar of all plots that are compared
 */
export function speedsPlot(
  { Plot }: Drawing,
  bars: readonly SpeedBar[],
  mark: string,
  most: number,
  { width, x }: BarAxes,
): PlotOptions {
  const text = ({ speed, marked }: SpeedBar): string => significant(speed) + (marked ? ` ${mark}` : '');
  return {
    width,
    height: 4 + 20 * bars.length + 36,
    marginTop: 4,
    marginBottom: 36,
    marginLeft: 100,
    marginRight: 12 + LETTER * (4 + mark.length),
    x: { domain: [0, most], grid: true, ticks: 4, label: x, labelAnchor: 'center', labelArrow: 'none' },
    y: { domain: bars.map(({ name }) => name), label: null, padding: 0.2, tickSize: 0 },
    marks: [
      Plot.barX(bars, { y: 'name', x: 'speed', fill: ({ marked }: SpeedBar) => paint(marked ? 'blue' : 'grey') }),
      Plot.text(bars, { y: 'name', x: 'speed', text, textAnchor: 'start', dx: 4 }),
      Plot.ruleX([0]),
    ],
  };
}

/** Long names lose their middle. */
function shorten(name: string): string {
  return name.length <= 28 ? name : `${name.slice(0, 14)}…${name.slice(-13)}`;
}
