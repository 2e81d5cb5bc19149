/** Rows as text: benchmark_score.py's lines, so that the same tools read them, and a table of all at the end. */
import Table from 'cli-table3';
import colors from 'picocolors';
import type { Score, ScoreRow } from './result.ts';
import { PASSES } from './turns.ts';

/** Two lines: the default implementation, and the accelerated one with the ratio beside it. */
export function rowLines({ batch, default: byDefault, accelerated, ratio, published }: ScoreRow): string {
  const ratios = [colors.bold(times(ratio)), ...(published === null ? [] : [`published ${times(published.ratio)}`])];
  return [
    `${scoreLine(batch, byDefault)} default implementation${remarks(byDefault)}`,
    `${scoreLine(batch, accelerated)} accelerated, ${ratios.join(', ')}${remarks(accelerated)}`,
  ].join('\n');
}

/** `batch size %2d, image/sec: %f`, padded so that what follows is in line. */
function scoreLine(batch: number, { imagesPerSecond }: Score): string {
  return `batch size ${String(batch).padStart(2)}, image/sec: ${imagesPerSecond.toFixed(6)}`.padEnd(40);
}

/** What a reader of the figure should know of it. */
function remarks({ passes, parts }: Score): string {
  const cut = passes < PASSES ? `, ${passes} of ${PASSES} passes in the budget` : '';
  return parts > 1 ? `${cut}, in ${parts} parts` : cut;
}

export function rowTable(rows: readonly ScoreRow[]): string {
  const table = new Table({
    head: ['network', 'batch', 'default images/s', 'accelerated images/s', 'ratio', 'published'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { network, batch, default: byDefault, accelerated, ratio, published } of rows) {
    table.push([
      network,
      batch,
      byDefault.imagesPerSecond.toFixed(2),
      accelerated.imagesPerSecond.toFixed(2),
      colors.bold(times(ratio)),
      published === null ? '–' : times(published.ratio),
    ]);
  }
  return table.toString();
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)}×`;
}
