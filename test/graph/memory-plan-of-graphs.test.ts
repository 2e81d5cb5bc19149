/** Memory plans of drawn graphs: no node ever finds anything but what it reads. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/graph/graph.ts';
import { inferTypes, shapeOf } from '../../src/graph/infer.ts';
import { planMemory } from '../../src/graph/memory-plan.ts';
import type { OpName } from '../../src/graph/ops/table.ts';
import { parseGraph } from '../../src/graph/parse-graph.ts';
import { simplifyGraph } from '../../src/graph/passes/simplify.ts';
import type { Name } from '../../src/graph/values.ts';
import { sizeOf } from '../../src/tensor/ndarray.ts';
import { runs } from '../support/runs.ts';
import { type Drawn, drawnGraph } from './arbitrary.ts';

const IN_PLACE = new Set<OpName>(['relu', 'clamp', 'batch-normalisation', 'scale-shift', 'addition']);
const VIEWS = new Set<OpName>(['flatten', 'dropout', 'identity']);

/**
 * Runs a graph on names instead of numbers: every value writes its name over its elements, and every node that reads it
 * must find them all. A view may leave its input where it is; then both names mean the same elements.
 */
function simulate(graph: Graph, drawn: Drawn): void {
  const types = inferTypes(
    graph,
    new Map(Object.entries(drawn.inputs).map(([name, { shape }]) => [name, { dtype: 'float32', shape }])),
  );
  const { offsets, size, total } = planMemory(graph, types);
  expect(size).toBeLessThanOrEqual(total);
  const block: string[] = new Array(size).fill('nothing');
  const contents = new Map<Name, Name>();
  const placeOf = (name: Name): readonly [start: number, end: number] | null => {
    if (graph.parameters.has(name)) return null;
    const start = offsets.get(name) as number;
    return [start, start + sizeOf(shapeOf(types, name))];
  };
  const write = (name: Name) => {
    const [start, end] = placeOf(name) as readonly [number, number];
    expect(start % 16).toBe(0);
    expect(end).toBeLessThanOrEqual(size);
    block.fill(name, start, end);
    contents.set(name, name);
  };
  const expectFound = (name: Name | null, reader: Name) => {
    const place = name === null ? null : placeOf(name);
    if (name === null || place === null) return;
    const found = new Set(block.slice(...place));
    if (found.size === 1 && found.has(contents.get(name) as Name)) return;
    expect.fail(`${reader} reads '${name}' and finds ${[...found]}`);
  };

  for (const name of graph.inputs.keys()) write(name);
  for (const node of graph.nodes) {
    for (const name of node.inputs) expectFound(name, node.name);
    const places = node.inputs.map((name) => (name === null ? null : placeOf(name)));
    const [first] = places;
    const [start] = placeOf(node.outputs[0]) as readonly [number, number];
    if (VIEWS.has(node.op) && first?.[0] === start) {
      contents.set(node.outputs[0], contents.get(node.inputs[0] as Name) as Name);
      continue;
    }
    for (const [k, output] of node.outputs.entries()) {
      const own = placeOf(output) as readonly [number, number];
      for (const [i, place] of places.entries()) {
        if (place === null || own[1] <= place[0] || place[1] <= own[0]) continue;
        // A sum is written as soon as its first two terms are read.
        const mayLieOn = k === 0 && IN_PLACE.has(node.op) && own[0] === place[0] && i < 2;
        if (!mayLieOn) expect.fail(`${node.name} writes '${output}' over '${node.inputs[i]}' while it reads it`);
      }
    }
    for (const name of node.outputs) write(name);
    for (const name of node.outputs) expectFound(name, `whoever reads all of ${node.name}`);
  }
  for (const name of graph.outputs) expectFound(name, 'the caller');
}

describe('planMemory', () => {
  it('never lets a node of a graph find anything but what it reads', () => {
    fc.assert(
      fc.property(drawnGraph({ size: 6, nodes: 16 }), (drawn) => {
        const graph = parseGraph(drawn.graph);
        simulate(graph, drawn);
        simulate(simplifyGraph(graph), drawn);
      }),
      { numRuns: runs(200) },
    );
  });
});
