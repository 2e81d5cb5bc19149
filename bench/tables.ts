/** The benchmark's findings as tables for a terminal, with colours where they are wanted (NO_COLOR is honoured). */
import Table from 'cli-table3';
import colors from 'picocolors';
import { ALGORITHM_NAMES } from '../src/algorithms/algorithm.ts';
import { significant } from '../src/cli/report/html.ts';
import { isMet } from './goal.ts';
import type { LayerTimes, Row, SizeTimes } from './result.ts';
import type { Findings } from './section.ts';

/** A table for each kind of finding that there is; null where there is none. */
export function formatFindings({ rows, layers, sizes }: Findings): string | null {
  const tables: string[] = [];
  if (layers.length > 0) tables.push(formatLayers(layers));
  for (const family of new Set(sizes.map((entry) => entry.family))) {
    tables.push(formatFamily(sizes.filter((entry) => entry.family === family)));
  }
  if (rows.length > 0) tables.push(formatRows(rows));
  return tables.length === 0 ? null : tables.join('\n');
}

function formatRows(rows: readonly Row[]): string {
  const table = new Table({
    head: ['what', 'value', 'against', 'ratio', 'goal', 'met'],
    colAligns: ['left', 'right', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    table.push([
      row.what,
      `${significant(row.value)} ${row.unit}`,
      row.against ?? '',
      row.ratio === undefined ? '' : `${significant(row.ratio)}×`,
      formatGoal(row),
      formatMet(isMet(row)),
    ]);
  }
  return table.toString();
}

function formatGoal({ goal }: Row): string {
  if (goal === undefined) return '';
  return 'atLeast' in goal ? `≥ ${goal.atLeast}×` : `≤ ${goal.atMost}×`;
}

function formatMet(met: boolean | undefined): string {
  if (met === undefined) return '';
  return met ? colors.green('yes') : colors.red('no');
}

/** A line for each algorithm of each layer; the arrow marks what the dispatcher takes. */
function formatLayers(layers: readonly LayerTimes[]): string {
  const table = new Table({
    head: ['layer', 'algorithm', 'ms', 'GFLOP/s', 'input transform', 'multiplication', 'output transform', 'other'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { layer, candidates } of layers) {
    candidates.forEach(({ algorithm, chosen, milliseconds, gflops, phases }, i) => {
      const { inputTransform, blockMultiplication, outputTransform, other } = phases;
      table.push([
        i === 0 ? layer : '',
        chosen ? colors.bold(`→ ${algorithm}`) : `  ${algorithm}`,
        ...[milliseconds, gflops, inputTransform, blockMultiplication, outputTransform, other].map(significant),
      ]);
    });
  }
  return table.toString();
}

/** One family of layers: GFLOP/s of an algorithm in each line, of a size in each column; the best of a size is bold. */
function formatFamily(entries: readonly SizeTimes[]): string {
  const table = new Table({
    head: [`${entries[0].family}, GFLOP/s`, ...entries.map(({ size }) => `@${size}`)],
    colAligns: ['left', ...entries.map(() => 'right' as const)],
    style: { head: [], border: [], compact: true },
  });
  const best = entries.map(({ points }) => Math.max(...points.map(({ gflops }) => gflops)));
  const measured = new Set(entries.flatMap(({ points }) => points.map(({ algorithm }) => algorithm)));
  for (const algorithm of ALGORITHM_NAMES.filter((name) => measured.has(name))) {
    const cells = entries.map(({ points }, i) => {
      const gflops = points.find((point) => point.algorithm === algorithm)?.gflops;
      if (gflops === undefined) return '';
      return gflops === best[i] ? colors.bold(significant(gflops)) : significant(gflops);
    });
    table.push([algorithm, ...cells]);
  }
  return table.toString();
}
