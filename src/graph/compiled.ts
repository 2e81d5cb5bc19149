/** What a node becomes once its sizes are known: the algorithm, its memory, and a function of offsets. */
import type { AlgorithmName, Profile } from '../algorithms/algorithm.ts';
import type { Context } from '../context/context.ts';
import type { RuleResult } from '../dispatch/rules.ts';
import type { ParsedSelection } from '../dispatch/select.ts';
import type { OpNode } from './node.ts';
import type { DoubleTensor } from './values.ts';

/** Sizes that are all known; the batch is the first. */
export type Shape = readonly number[];

/** Numbers that are packed once: dense and row-major. */
export interface DenseArray {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** What a node is lowered from. */
export interface Lowering<A> {
  readonly node: OpNode<A>;
  /** The shapes of its inputs, values and weights; null where one is left out. */
  readonly inputs: readonly (Shape | null)[];
  readonly outputs: readonly Shape[];
  /** Those inputs that are weights; undefined where one is left out. */
  readonly weights: readonly (DenseArray | undefined)[];
  /** The elements of those inputs that are settings; null where one is left out. */
  readonly settings: readonly (DoubleTensor | null)[];
  readonly options: CompileOptions;
  readonly context: Context;
}

/** A run of one node: where its values, its outputs and the shared workspace begin. */
export type RunNode = (inputs: readonly number[], outputs: readonly number[], workspace: number) => void;

/** One way to compute a node: what it takes, and its estimated milliseconds where there is an estimate. */
export interface Way {
  readonly workspaceFloats: number;
  /** Of the packed weights. */
  readonly constantFloats: number;
  readonly milliseconds: number;
}

/** Another way than the one that was chosen. */
export interface Alternative extends Way {
  compile(why: string): CompiledNode;
}

export interface CompiledNode extends Way {
  readonly name: string;
  readonly op: string;
  /** `1×64×56×56 * 128×64×3×3 → …`, or the sizes of what goes in and comes out. */
  readonly description: string;
  /** The documented rules as they apply here; null for operations that they say nothing of. */
  readonly rules: readonly RuleResult[] | null;
  readonly algorithm: AlgorithmName | 'dots' | 'gemm' | null;
  readonly why: string;
  /** Its reference computes it: there is nothing to load. */
  readonly isReference: boolean;
  /** Of the kernel as it is given, which lies somewhere while it is packed. */
  readonly stagedFloats: number;
  /** Ways that `'auto'` may fall back to where memory is short; none where the choice was made by name or by NNPACK's rule. */
  readonly alternatives: readonly Alternative[];
  /** Puts the node's weights into memory, packed; the profile takes the time of kernel transforms and of each run. */
  load(place: Place, profile: Profile): RunNode;
}

/** Where a node's weights go: `constantFloats` for good, and `stagedFloats` for the time of packing. */
export interface Place {
  readonly constants: number;
  readonly staging: number;
}

export interface CompileOptions extends ParsedSelection {
  /**
   * Only its memory is asked for: nothing is measured, and a convolution that would be measured counts with the most
   * memory that any of the algorithms tried may take.
   */
  readonly isSizing?: boolean;
}

/** What the record of an operation says of a node; the rest holds of most nodes. */
export type Compiled = Pick<CompiledNode, 'load'> & Partial<CompiledNode>;

/** What holds of most nodes. */
export function compiledNode(
  { name, op }: Pick<OpNode<unknown>, 'name' | 'op'>,
  description: string,
): Omit<CompiledNode, 'load'> {
  return {
    name,
    op,
    description,
    rules: null,
    algorithm: null,
    why: '',
    isReference: false,
    workspaceFloats: 0,
    constantFloats: 0,
    milliseconds: 0,
    stagedFloats: 0,
    alternatives: [],
  };
}

/** A node that has nothing to load. */
export function withoutWeights(run: RunNode): Compiled {
  return { load: () => run };
}

/** Every value starts at a cache line: 16 elements of float32. */
const ALIGNMENT = 16;

/** So many elements in whole cache lines. */
export function wholeLines(floats: number): number {
  return Math.ceil(floats / ALIGNMENT) * ALIGNMENT;
}

/** Copies constant numbers to their place in the context's memory, and returns it; 0 for none. */
export function loadConstant(context: Context, data: Float32Array | undefined, at: number): number {
  if (data === undefined) return 0;
  context.arena.f32.set(data, at);
  return at;
}
