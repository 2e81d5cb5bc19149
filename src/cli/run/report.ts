/** What a run of a network reports, and how it is printed. */
import Table from 'cli-table3';
import colors from 'picocolors';
import type { Context } from '../../context/context.ts';
import { sumOfMultiplyAdds } from '../../graph/explanation.ts';
import type { NodeReport } from '../../graph/plan.ts';
import { megabytes } from '../../tensor/arena.ts';
import { sizeOf, type TypedTensor } from '../../tensor/ndarray.ts';
import { counted } from '../machine.ts';
import { plain } from '../plain.ts';
import { significant } from '../report/html.ts';
import type { EngineReport } from './engine.ts';

export interface Report {
  readonly machine: {
    readonly node: string;
    readonly threads: number;
    readonly kernels: string;
    readonly reasons: readonly string[];
  };
  /** Pieces that the work was cut into, because memory was short; 1 when at once. */
  readonly parts: number;
  readonly networkBytes: number;
  readonly layers: readonly NodeReport[];
  readonly milliseconds: number;
  readonly gflops: number;
  /** The same network with every convolution on the default implementation, from one part; null where it was not run. */
  readonly defaultMilliseconds: number | null;
  readonly ratio: number | null;
}

/** What is known once the model has run. */
export function reportOf(
  { layers, parts, bytes }: EngineReport,
  defaultMilliseconds: number | null,
  context: Context,
): Report {
  const milliseconds = layers.reduce((sum, layer) => sum + layer.milliseconds, 0);
  const { threads, kernels, reasons } = context.describe();
  return {
    machine: { node: process.version, threads, kernels, reasons },
    ...{ parts, networkBytes: bytes, layers, milliseconds, defaultMilliseconds },
    gflops: milliseconds === 0 ? 0 : (2 * sumOfMultiplyAdds(layers)) / milliseconds / 1e6,
    ratio: defaultMilliseconds === null || milliseconds === 0 ? null : defaultMilliseconds / milliseconds,
  };
}

/** A place of an output, the value there, and what it means where that is known. */
export interface PlacedValue {
  readonly place: number;
  readonly value: number;
  readonly label?: string;
}

/** The greatest values of the first image, the greatest first: a classifier's answer. */
export function greatestValues(
  { data, shape }: TypedTensor,
  count = 5,
  labels: readonly string[] | null = null,
): PlacedValue[] {
  const image = Array.from(data.subarray(0, sizeOf(shape.slice(1))) as ArrayLike<number | bigint>, Number);
  const places = image.map((value, place): PlacedValue => {
    return labels === null ? { place, value } : { place, value, label: labels[place] };
  });
  return places.sort((a, b) => b.value - a.value).slice(0, count);
}

/** `0.91 at 281 (tabby cat)` */
export function valuesText(values: readonly PlacedValue[]): string {
  return values
    .map(({ place, value, label }) => {
      return `${value.toPrecision(4)} at ${place}${label === undefined ? '' : ` (${plain(label)})`}`;
    })
    .join(', ');
}

export function formatReport(title: string, report: Report, values: readonly PlacedValue[] | null): string {
  const { machine } = report;
  const parts = report.parts === 1 ? 'at once' : `in ${report.parts} parts`;
  const whole = report.parts === 1 ? '' : `, from one part of ${report.parts}`;
  const lines = [
    title,
    `Node ${machine.node}, ${counted(machine.threads, 'thread')}, ${machine.kernels} kernels`,
    ...machine.reasons,
    layerTable(report.layers).toString(),
    `total ${colors.bold(timeText(report.milliseconds))}, ${report.gflops.toFixed(1)} effective GFLOP/s, ${parts}, ${megabytes(report.networkBytes)} for the network`,
  ];
  if (report.defaultMilliseconds !== null && report.ratio !== null) {
    const took = timeText(report.defaultMilliseconds);
    lines.push(`default implementation ${took}${whole}: ${colors.bold(`${report.ratio.toFixed(2)} ×`)}`);
  }
  if (values !== null) lines.push(`greatest values: ${valuesText(values)}`);
  return lines.join('\n');
}

/** Small models take less than a hundredth of a second. */
function timeText(milliseconds: number): string {
  return milliseconds < 1e3 ? `${significant(milliseconds)} ms` : `${(milliseconds / 1e3).toFixed(2)} s`;
}

function layerTable(layers: readonly NodeReport[]): Table.Table {
  const table = new Table({
    head: ['layer', 'shape', 'documented rules', 'algorithm', 'why', 'ms', 'GFLOP/s'],
    colAligns: ['left', 'left', 'left', 'left', 'left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const layer of layers) {
    table.push([
      plain(layer.name, 60),
      plain(layer.description, 100),
      layer.rules === null ? '' : rulesText(layer),
      colors.bold(layer.algorithm ?? layer.op),
      layer.why,
      layer.milliseconds.toFixed(1),
      layer.multiplyAdds === 0 ? '' : layer.gflops.toFixed(1),
    ]);
  }
  return table;
}

function rulesText(layer: NodeReport): string {
  const failed = layer.rules?.find((rule) => !rule.passed);
  return failed === undefined ? 'all hold' : `${failed.condition} fails`;
}
