/** The benchmark's findings as lines for a terminal, each complete in itself, so that it can be printed when it is known. */
import colors from 'picocolors';
import { significant } from '../src/cli/report/html.ts';
import { isMet } from './goal.ts';
import type { LayerTimes, Row, SizeTimes } from './result.ts';

/** What stands above rows. */
export const ROW_HEAD = columns('what', 'value', 'against', 'ratio', 'goal', 'met');

export function formatRow(row: Row): string {
  return columns(
    row.what,
    `${significant(row.value)} ${row.unit}`,
    row.against ?? '',
    row.ratio === undefined ? '' : `${significant(row.ratio)}×`,
    formatGoal(row),
    formatMet(isMet(row)),
  );
}

/** Numbers end below one another, as long as no text is longer than its column. */
function columns(what: string, value: string, against: string, ratio: string, goal: string, met: string): string {
  const line = [what.padEnd(64), value.padStart(14), against.padEnd(44), ratio.padStart(7), goal.padStart(8), met];
  return line.join('  ').trimEnd();
}

function formatGoal({ goal }: Row): string {
  if (goal === undefined) return '';
  return 'atLeast' in goal ? `≥ ${goal.atLeast}×` : `≤ ${goal.atMost}×`;
}

function formatMet(met: boolean | undefined): string {
  if (met === undefined) return '';
  return met ? colors.green('yes') : colors.red('no');
}

/** A line for the layer, and one for each of its algorithms; the arrow marks what the dispatcher takes. */
export function formatLayer({ layer, candidates }: LayerTimes): string {
  const lines = candidates.map(({ algorithm, chosen, milliseconds, gflops, phases }) => {
    const { inputTransform, blockMultiplication, outputTransform, other } = phases;
    const name = `${chosen ? '→' : ' '} ${algorithm.padEnd(18)}`;
    const of = [
      `input transform ${significant(inputTransform)}`,
      `multiplication ${significant(blockMultiplication)}`,
      `output transform ${significant(outputTransform)}`,
      `other ${significant(other)}`,
    ];
    const time = `${significant(milliseconds).padStart(6)} ms  ${significant(gflops).padStart(6)} GFLOP/s`;
    return `${chosen ? colors.bold(name) : name} ${time}  ${of.join(', ')}`;
  });
  return [layer, ...lines].join('\n');
}

/** One layer by the algorithms that may win; the best is bold. */
export function formatSize({ family, size, points }: SizeTimes): string {
  const best = Math.max(...points.map(({ gflops }) => gflops));
  const cells = points.map(({ algorithm, gflops }) => {
    const text = `${algorithm} ${significant(gflops)}`;
    return gflops === best ? colors.bold(text) : text;
  });
  return `${`${family} @${size}`.padEnd(16)}${cells.join(', ')} GFLOP/s`;
}
