import type { Context } from '../context/context.ts';
import { GATES, type Gate } from '../kernels/table.ts';
import { gateStep, ITEM_ELEMENTS } from './steps.ts';

/** y = gate(x) for `size` elements of the context's memory; y may be x. */
export function runGate(
  context: Context,
  gate: Gate,
  size: number,
  x: number,
  y: number,
  { slope, offset }: { readonly slope: number; readonly offset: number },
): void {
  const parameters = { gate: GATES.indexOf(gate), x, y, slope, offset };
  context.pool.parallelize1dTile1d(gateStep, parameters, size, ITEM_ELEMENTS);
}
