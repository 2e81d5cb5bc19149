/**
 * Where the values of a graph live in one block of memory.
 *
 * A value is live from the node that makes it to the last node that reads it. Two values may share memory only if they
 * are never live together, so giving out offsets is packing boxes: time runs along one axis, memory along the other,
 * and a value is a box as long as its life and as high as its size. Placing the largest first, each at the lowest
 * offset where it fits among those already placed (Pisarchyk & Lee 2020, "greedy by size"), comes near the least
 * possible height: the largest sum of sizes that are ever live together.
 *
 *     for each value, largest first:
 *       offset = lowest gap between the placed values that are live with it in which it fits
 *
 * A node that works element by element may write over an input that dies there, and a flatten or dropout has nothing to
 * write at all. In both cases the two values become one box, from the birth of the first to the death of the last. A sum
 * is written once its first two terms are read, so it may lie on one of them that does not come again, under any name.
 *
 * Inputs of the graph are values like the others: they are copied in, and may be written over. Parameters that nodes read
 * as values lie elsewhere, with the weights, and are never written over.
 */

import { sizeOf } from '../tensor/ndarray.ts';
import { wholeLines } from './compiled.ts';
import type { Graph } from './graph.ts';
import { shapeOf, type Types } from './infer.ts';
import type { AnyOperation } from './ops/operation.ts';
import { operationOf } from './ops/table.ts';
import { isInMemory } from './run-values.ts';
import type { Name, ValueType } from './values.ts';

export interface MemoryPlan {
  /** Of each value (inputs, and what nodes make), in elements from the start of the block. */
  readonly offsets: ReadonlyMap<Name, number>;
  /** Elements of the block. */
  readonly size: number;
  /** Elements that the values would need side by side. */
  readonly total: number;
}

/** Several values that share their elements, as one box. Steps count the nodes; inputs of the graph are made at −1. */
interface Box {
  readonly size: number;
  readonly born: number;
  dies: number;
  offset: number;
}

/** The plan for types whose sizes are all known. Outputs of the graph live to the end. */
export function planMemory(graph: Graph, types: Types): MemoryPlan {
  const { boxes, boxOf, total } = liveBoxes(graph, types);
  const placed: Box[] = [];
  for (const box of [...boxes].sort((a, b) => b.size - a.size)) {
    box.offset = lowestGap(box, placed);
    placed.splice(placeIn(placed, box.offset), 0, box);
  }
  const offsets = new Map([...boxOf].map(([name, box]) => [name, box.offset]));
  const size = placed.reduce((end, box) => Math.max(end, box.offset + box.size), 0);
  return { offsets, size, total };
}

/** The box of every value, with values that share their elements in one. */
function liveBoxes(graph: Graph, types: Types) {
  const lastReads = lastReaders(graph);
  const boxes: Box[] = [];
  const boxOf = new Map<Name, Box>();
  let total = 0;
  const make = (name: Name, born: number, shared: Box | undefined) => {
    if (!isInMemory((types.get(name) as ValueType).dtype)) return;
    const size = wholeLines(sizeOf(shapeOf(types, name)));
    const dies = lastReads.get(name) ?? born;
    total += size;
    if (shared === undefined) {
      const box = { size, born, dies, offset: 0 };
      boxes.push(box);
      boxOf.set(name, box);
    } else {
      shared.dies = Math.max(shared.dies, dies);
      boxOf.set(name, shared);
    }
  };

  for (const name of graph.inputs.keys()) make(name, -1, undefined);
  graph.nodes.forEach((node, step) => {
    // Parameters have no box.
    const read = node.inputs.map((name) => (name === null ? undefined : boxOf.get(name)));
    // a box dies at this step if nobody reads any of its values later
    const operation = operationOf(node);
    const dying = writtenOver(operation, read).filter((box) => box.dies === step);
    const shared = operation.isView ? read[0] : dying[0];
    for (const [i, name] of node.outputs.entries()) make(name, step, i === 0 ? shared : undefined);
  });
  return { boxes, boxOf, total };
}

/** Those of the boxes that a node reads which it may write its output over, if nobody reads them later. */
function writtenOver({ inPlace = 0 }: AnyOperation, read: readonly (Box | undefined)[]): readonly Box[] {
  return read.slice(0, inPlace).filter((box): box is Box => box !== undefined && !read.includes(box, inPlace));
}

/** The last step that reads each value; an output of the graph is read after the last node. */
function lastReaders(graph: Graph): Map<Name, number> {
  const last = new Map<Name, number>();
  graph.nodes.forEach((node, step) => {
    for (const name of node.inputs) if (name !== null) last.set(name, step);
  });
  for (const name of graph.outputs) last.set(name, graph.nodes.length);
  return last;
}

/** @param placed by their offsets */
function lowestGap(box: Box, placed: readonly Box[]): number {
  let offset = 0;
  for (const other of placed) {
    const isLiveWithIt = other.born <= box.dies && box.born <= other.dies;
    if (!isLiveWithIt) continue;
    if (offset + box.size <= other.offset) break;
    offset = Math.max(offset, other.offset + other.size);
  }
  return offset;
}

/** Where a box at an offset belongs among those that are sorted by theirs. */
function placeIn(placed: readonly Box[], offset: number): number {
  let [low, high] = [0, placed.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (placed[middle].offset <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
