/** What a run of a network reports, and how it is printed. */
import Table from 'cli-table3';
import colors from 'picocolors';
import type { NodeReport } from '../networks/plan.ts';
import { megabytes } from '../tensor/arena.ts';
import type { Tensor } from '../tensor/ndarray.ts';

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
  /** The same network with every convolution on the default implementation, from one part. */
  readonly defaultMilliseconds: number;
  readonly ratio: number;
}

/** A place of an output, and the value there. */
export interface PlacedValue {
  readonly place: number;
  readonly value: number;
}

/** The greatest values of the first image, the greatest first: a classifier's answer. */
export function greatestValues({ data, shape }: Tensor, count = 5): PlacedValue[] {
  const image = data.subarray(0, data.length / shape[0]);
  const places = Array.from(image, (value, place) => ({ place, value }));
  return places.sort((a, b) => b.value - a.value).slice(0, count);
}

export function formatReport(title: string, report: Report, values: readonly PlacedValue[] | null): string {
  const { machine } = report;
  const parts = report.parts === 1 ? 'at once' : `in ${report.parts} parts`;
  const seconds = (report.milliseconds / 1e3).toFixed(2);
  const whole = report.parts === 1 ? '' : `, from one part of ${report.parts}`;
  const lines = [
    title,
    `Node ${machine.node}, ${machine.threads} threads, ${machine.kernels} kernels`,
    ...machine.reasons,
    layerTable(report.layers).toString(),
    `total ${colors.bold(`${seconds} s`)}, ${report.gflops.toFixed(1)} effective GFLOP/s, ${parts}, ${megabytes(report.networkBytes)} for the network`,
    `default implementation ${(report.defaultMilliseconds / 1e3).toFixed(2)} s${whole}: ${colors.bold(`${report.ratio.toFixed(2)} ×`)}`,
  ];
  if (values !== null) {
    lines.push(
      `greatest values: ${values.map(({ place, value }) => `${value.toPrecision(4)} at ${place}`).join(', ')}`,
    );
  }
  return lines.join('\n');
}

function layerTable(layers: readonly NodeReport[]): Table.Table {
  const table = new Table({
    head: ['layer', 'shape', 'documented rules', 'algorithm', 'why', 'ms', 'GFLOP/s'],
    colAligns: ['left', 'left', 'left', 'left', 'left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const layer of layers) {
    table.push([
      layer.name,
      layer.description,
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
