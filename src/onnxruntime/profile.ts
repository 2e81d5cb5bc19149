import { textTable } from '../dispatch/explain.ts';
import type { NodeReport } from '../graph/plan.ts';

interface Row {
  readonly node: Pick<NodeReport, 'name' | 'op' | 'algorithm'>;
  runs: number;
  milliseconds: number;
}

/** What the nodes of a session took, over several runs. Prints as a table. */
export class Profile {
  readonly #rows = new Map<string, Row>();

  add(report: readonly NodeReport[]): void {
    for (const { name, op, algorithm, milliseconds } of report) {
      const key = `${name}\n${algorithm}`;
      const row = this.#rows.get(key) ?? { node: { name, op, algorithm }, runs: 0, milliseconds: 0 };
      row.runs++;
      row.milliseconds += milliseconds;
      this.#rows.set(key, row);
    }
  }

  toString(): string {
    const rows = [...this.#rows.values()];
    const total = rows.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    const lines = rows.map(({ node: { name, op, algorithm }, runs, milliseconds }) => [
      ...[name, op, algorithm ?? '', String(runs), (milliseconds / runs).toFixed(3)],
      total === 0 ? '' : ((100 * milliseconds) / total).toFixed(1),
    ]);
    return textTable([['node', 'operation', 'algorithm', 'runs', 'ms', '%'], ...lines]);
  }
}
