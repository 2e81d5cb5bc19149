/**
 * Where the values of a network live in one block of memory.
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
 * Inputs of the network are values like the others: they are copied in, and may be written over.
 */
import { wholeLines } from './compiled.ts';
import type { Network, NetworkNode } from './network.ts';
import type { Operation } from './ops/operation.ts';
import { operationOf } from './ops/table.ts';
import type { NetworkShapes } from './shapes.ts';

export interface MemoryPlan {
  /** Of each value (inputs of the network and nodes), in elements from the start of the block. */
  readonly offsets: ReadonlyMap<string, number>;
  /** Elements of the block. */
  readonly size: number;
  /** Elements that the values would need side by side. */
  readonly total: number;
}

/** Several values that share their elements, as one box. Steps count the nodes; inputs of the network are made at −1. */
interface Box {
  readonly size: number;
  readonly born: number;
  dies: number;
  offset: number;
}

/** The plan for shapes inferred with `inferShapes`, for its batch. Outputs of the network live to the end. */
export function planMemory(network: Network, shapes: NetworkShapes): MemoryPlan {
  const { boxes, boxOf, total } = liveBoxes(network, shapes);
  const placed: Box[] = [];
  for (const box of [...boxes].sort((a, b) => b.size - a.size)) {
    box.offset = lowestGap(box, placed);
    placed.push(box);
  }
  const offsets = new Map([...boxOf].map(([name, box]) => [name, box.offset]));
  const size = placed.reduce((end, box) => Math.max(end, box.offset + box.size), 0);
  return { offsets, size, total };
}

/** The box of every value, with values that share their elements in one. */
function liveBoxes(network: Network, shapes: NetworkShapes) {
  const lastReads = lastReaders(network);
  const boxes: Box[] = [];
  const boxOf = new Map<string, Box>();
  let total = 0;
  const make = (name: string, born: number, shared: Box | undefined) => {
    const elements = shapes.values.get(name)!.reduce((product, size) => product * size, shapes.batch);
    const size = wholeLines(elements);
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

  for (const input of network.inputs) make(input.name, -1, undefined);
  network.nodes.forEach((node, step) => {
    const read = node.inputs.map((name) => boxOf.get(name)!);
    // a box dies at this step if nobody reads any of its values later
    const operation = operationOf(node);
    const shared = operation.isView ? read[0] : writtenOver(operation, read).find((box) => box.dies === step);
    make(node.name, step, shared);
  });
  return { boxes, boxOf, total };
}

/** Those of the boxes that a node reads which it may write its output over, if nobody reads them later. */
function writtenOver({ inPlace = 0 }: Pick<Operation<NetworkNode>, 'inPlace'>, read: readonly Box[]): readonly Box[] {
  return read.slice(0, inPlace).filter((box) => !read.includes(box, inPlace));
}

/** The last step that reads each value; an output of the network is read after the last node. */
function lastReaders(network: Network): Map<string, number> {
  const last = new Map<string, number>();
  network.nodes.forEach((node, step) => {
    for (const name of node.inputs) last.set(name, step);
  });
  for (const name of network.outputs) last.set(name, network.nodes.length);
  return last;
}

function lowestGap(box: Box, placed: readonly Box[]): number {
  const inTheWay = placed
    .filter((other) => other.born <= box.dies && box.born <= other.dies)
    .sort((a, b) => a.offset - b.offset);
  let offset = 0;
  for (const other of inTheWay) {
    if (offset + box.size <= other.offset) break;
    offset = Math.max(offset, other.offset + other.size);
  }
  return offset;
}
