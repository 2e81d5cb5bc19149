/**
 * The ways of a network's nodes that fit a bound on memory, and take the least time that is found.
 *
 * A plan is one block: the packed weights of all nodes, and a scratch that holds the values and the greatest workspace (or,
 * while the plan is made, one kernel at a time as it was given):
 *
 *     floats = max(values + maxᵢ workspaceᵢ, staged) + Σᵢ constantsᵢ
 *
 * The greatest workspace is what makes the choices depend on one another, so each size that it may have is tried as a
 * limit, from the largest down:
 *
 *     every node takes its own choice, or the fastest within the limit where its choice needs more workspace
 *     while the whole does not fit: that node changes which saves memory at the least milliseconds per byte
 *
 * The fastest of the results that fit is taken, which is the nodes' own choices where these fit. With the least constants
 * of every node instead, the same limits give the least that any choice takes. The first of equal ones is taken, so that
 * the result is the same every time.
 */
import { type Way, wholeLines } from './compiled.ts';

/** The ways of one node: its own choice first. */
export type Ways = readonly [Way, ...Way[]];

export interface Scratch {
  /** Elements of the values that are live together. */
  readonly values: number;
  /** Elements of the largest kernel that is to be packed. */
  readonly staged: number;
}

/** Which of its ways each node takes; null if none of all choices fits. */
export function fitWays(nodes: readonly Ways[], scratch: Scratch, floats: number): readonly number[] | null {
  let best: readonly number[] | null = null;
  let least = Infinity;
  for (const limit of workspaceLimits(nodes)) {
    const start = nodes.map((ways) => fastestWithin(ways, limit));
    // Smaller limits only leave slower ways.
    if (timeOf(nodes, start) >= least) break;
    const taken = shrink(nodes, start, limit, scratch, floats);
    if (taken === null || timeOf(nodes, taken) >= least) continue;
    least = timeOf(nodes, taken);
    best = taken;
  }
  return best;
}

/** The least elements that any choice of ways takes. */
export function leastFloats(nodes: readonly Ways[], scratch: Scratch): number {
  const totals = workspaceLimits(nodes).map((limit) => {
    const taken = nodes.map((ways) => leastConstants(ways, limit));
    return floatsOf(nodes, taken, scratch);
  });
  return Math.min(...totals);
}

/** What the ways taken need in all. */
export function floatsOf(nodes: readonly Ways[], taken: readonly number[], { values, staged }: Scratch): number {
  let [workspace, constants] = [0, 0];
  nodes.forEach((ways, i) => {
    const way = ways[taken[i]];
    workspace = Math.max(workspace, way.workspaceFloats);
    constants += way.constantFloats;
  });
  // The constants that follow begin on a cache line.
  return wholeLines(Math.max(values + workspace, staged)) + constants;
}

/** Sizes that the greatest workspace may have, the largest first: none is less than what some node needs in any way. */
function workspaceLimits(nodes: readonly Ways[]): readonly number[] {
  const needed = nodes.reduce((most, ways) => Math.max(most, Math.min(...ways.map((way) => way.workspaceFloats))), 0);
  const sizes = new Set([needed, ...nodes.flatMap((ways) => ways.map((way) => way.workspaceFloats))]);
  return [...sizes].filter((size) => size >= needed).sort((a, b) => b - a);
}

function timeOf(nodes: readonly Ways[], taken: readonly number[]): number {
  return nodes.reduce((sum, ways, i) => sum + ways[taken[i]].milliseconds, 0);
}

/** A node's own choice if the limit allows it, else the fastest that it does. */
function fastestWithin(ways: Ways, limit: number): number {
  if (ways[0].workspaceFloats <= limit) return 0;
  return leastBy(ways, limit, (way) => way.milliseconds);
}

function leastConstants(ways: Ways, limit: number): number {
  return leastBy(ways, limit, (way) => way.constantFloats);
}

function leastBy(ways: Ways, limit: number, key: (way: Way) => number): number {
  let best = -1;
  ways.forEach((way, i) => {
    if (way.workspaceFloats <= limit && (best < 0 || key(way) < key(ways[best]))) best = i;
  });
  return best;
}

/** Changes ways until all fits, each time where a byte saved costs the least; null if that is not enough. */
function shrink(
  nodes: readonly Ways[],
  start: readonly number[],
  limit: number,
  scratch: Scratch,
  floats: number,
): readonly number[] | null {
  const taken = [...start];
  while (floatsOf(nodes, taken, scratch) > floats) {
    const change = cheapestChange(nodes, taken, limit);
    if (change === null) return null;
    taken[change.node] = change.way;
  }
  return taken;
}

/** The change that saves constants at the least milliseconds per element. */
function cheapestChange(
  nodes: readonly Ways[],
  taken: readonly number[],
  limit: number,
): { readonly node: number; readonly way: number } | null {
  let best: { readonly node: number; readonly way: number } | null = null;
  let least = Infinity;
  for (const [node, ways] of nodes.entries()) {
    const now = ways[taken[node]];
    for (const [way, { workspaceFloats, constantFloats, milliseconds }] of ways.entries()) {
      const saved = now.constantFloats - constantFloats;
      const price = (milliseconds - now.milliseconds) / saved;
      if (saved <= 0 || workspaceFloats > limit || price >= least) continue;
      least = price;
      best = { node, way };
    }
  }
  return best;
}
