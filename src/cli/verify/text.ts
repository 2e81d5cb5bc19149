/** What `verify` prints. */
import Table from 'cli-table3';
import colors from 'picocolors';
import { significant } from '../report/html.ts';
import type { VerifyResult, VerifyRow } from './verify.ts';

/** The table, what it leaves out, and every failure with the line that replays it. */
export function formatResult({ reasons, rows, leftOut }: VerifyResult): string {
  const lines = [...reasons, tableOf(rows)];
  if (leftOut.length > 0) {
    const names = leftOut.map(({ algorithm, kernels }) => `${algorithm} with ${kernels} kernels`).join(', ');
    lines.push(`left out until --cases is larger, because one case takes longer than a row: ${names}`);
  }
  const failed = rows.filter((row) => row.failure !== null);
  lines.push(...failed.map(formatFailure));
  return lines.join('\n');
}

function tableOf(rows: readonly VerifyRow[]): string {
  const table = new Table({
    head: ['algorithm', 'kernels', 'threads', 'cases', 'ineligible', 'greatest error, % of bound', 'seed', 'result'],
    colAligns: ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const { algorithm, kernels, threads, cases, ineligible, greatest, seed, failure } of rows) {
    const result = failure === null ? colors.green('holds') : colors.red('fails');
    table.push([
      colors.bold(algorithm),
      kernels,
      threads.join(' '),
      cases,
      ineligible,
      significant(100 * greatest),
      seed,
      result,
    ]);
  }
  return table.toString();
}

function formatFailure({ algorithm, kernels, failure }: VerifyRow): string {
  if (failure === null) return '';
  return [
    '',
    colors.red(`${algorithm} with ${kernels} kernels fails; the smallest case:`),
    `  ${failure.description}`,
    `  ${failure.text}`,
    `  replay: ${failure.replay}`,
  ].join('\n');
}
