/**
 * What a benchmark found, for a person (a table) or a program (JSON). Below the table, or beside the rows, stands the
 * machine that it was found on: the ratios travel, the milliseconds do not.
 */

import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import Table from 'cli-table3';
import colors from 'picocolors';

export interface Row {
  /** What was measured: `64→64 @224, scalar`. */
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with: `tfjs-backend-cpu`. */
  readonly against?: string;
  readonly ratio?: number;
  /** What the ratio should be; a row without one only informs. */
  readonly goal?: Goal;
}

export type Goal = { readonly atLeast: number } | { readonly atMost: number };

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  /** Versions of the packages that took part, this one first. */
  readonly packages: Readonly<Record<string, string>>;
}

/** This machine, and this package beside the given peers. */
export function describeMachine(peers: readonly { readonly name: string; readonly version: string }[]): Machine {
  // By the package's own name, so that a compiled benchmark finds it as well.
  const own: { name: string; version: string } = createRequire(import.meta.url)('nnpack-ts/package.json');
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: availableParallelism(),
    node: process.versions.node,
    packages: Object.fromEntries([own, ...peers].map(({ name, version }) => [name, version])),
  };
}

/** Whether a row's ratio meets its goal; undefined without a goal. A goal without a ratio, or with NaN, is not met. */
export function isMet({ ratio = Number.NaN, goal }: Row): boolean | undefined {
  if (goal === undefined) return undefined;
  return 'atLeast' in goal ? ratio >= goal.atLeast : ratio <= goal.atMost;
}

/** One JSON object: `machine`, and `rows` with `met` beside each goal. */
export function formatJson(rows: readonly Row[], machine: Machine): string {
  return JSON.stringify({ machine, rows: rows.map((row) => ({ ...row, met: isMet(row) })) }, null, 2);
}

/** A table and the machine line; coloured for a terminal that wants it (NO_COLOR is honoured). */
export function formatTable(rows: readonly Row[], machine: Machine): string {
  const table = new Table({
    head: ['what', 'value', 'against', 'ratio', 'goal', 'met'],
    colAligns: ['left', 'right', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.what,
      `${significant(row.value)} ${row.unit}`,
      row.against ?? '',
      row.ratio === undefined ? '' : `${significant(row.ratio)}×`,
      row.goal === undefined ? '' : formatGoal(row.goal),
      formatMet(isMet(row)),
    ]);
  }
  return `${table}\n${colors.dim(formatMachine(machine))}`;
}

function formatMachine({ cpu, cores, node, packages }: Machine): string {
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  return [cpu, cores === 1 ? '1 core' : `${cores} cores`, `Node ${node}`, ...versions].join(', ');
}

function formatGoal(goal: Goal): string {
  return 'atLeast' in goal ? `≥ ${significant(goal.atLeast)}×` : `≤ ${significant(goal.atMost)}×`;
}

function formatMet(met: boolean | undefined): string {
  if (met === undefined) return '';
  return met ? colors.green('yes') : colors.red('no');
}

/** Three significant digits, never an exponent, whole numbers left whole. */
function significant(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return String(Number(value.toPrecision(3)));
}
