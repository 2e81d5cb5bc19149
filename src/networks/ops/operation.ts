/**
 * What is known of one operation of networks, all of it in one record. What reads, shapes, shortens, places, slices and
 * compiles networks asks the records, so that a new operation is one file and one line of the table.
 */
import type { FieldsOf } from '../../check/options.ts';
import type { Context } from '../../context/context.ts';
import type { Compiled, CompileOptions } from '../compiled.ts';
import type { Activation, NetworkNode, NodeBase, PartialShape, ScaleShiftNode, Shape } from '../network.ts';
import type { DoubleTensor } from './double.ts';
import type { Slicing } from './slicing.ts';

export interface Operation<N extends NetworkNode> {
  readonly inputs: InputCount;
  /** The fields of its nodes beside those of all nodes. */
  readonly fields: FieldsOf<OwnFields<N>>;
  /** Checks these fields, which may hold anything. */
  parse(who: string, given: Given): OwnFields<N>;
  /** The shape of what it makes of inputs of these shapes; null only where it follows from a null. */
  infer(node: N, inputs: readonly PartialShape[]): PartialShape;
  /** @param inputs shapes with the batch in front */
  compile(node: N, inputs: readonly Shape[], options: CompileOptions, context: Context): Compiled;
  /** Its definition as a loop in double, which shares nothing with what runs. Slow, and meant to be. */
  reference(node: N, inputs: readonly DoubleTensor[]): DoubleTensor;
  /** How it works on slices of a picture, or why it cannot. */
  slicing(node: N): Slicing | string;
  /** The output is the input, element for element and in the same order. */
  readonly isView?: true;
  /** The output may lie on one of so many first inputs, where that dies and no later input lies there too. */
  readonly inPlace?: number;
  /** Whether the node does nothing at inference. */
  isIdentity?(node: N): boolean;
  /** The same as a factor and a summand for each channel. */
  asScaleShift?(node: N): ScaleShiftNode;
  /** The node with such a one behind it in its own numbers; null if it cannot take it. */
  takeScaleShift?(node: N, scaleShift: ScaleShiftNode): N | null;
  /** The same as an activation of the node before it. */
  asActivation?(node: N): Activation;
  /** The node with an activation behind it as its own; null if it has one. */
  takeActivation?(node: N, activation: Activation): N | null;
  /** Of one image, as the field counts them; 0 where it is not told. */
  multiplyAdds?(node: N, output: Shape): number;
  /** Learnt numbers, moving statistics not among them; 0 where it is not told. */
  parameters?(node: N): number;
  /** The nodes that compute the gradients of its inputs: room for them, because networks only infer yet. */
  readonly gradient: null;
}

export type OwnFields<N extends NetworkNode> = Omit<N, keyof NodeBase | 'op'>;

/** What was read of a node: its fields may hold anything. */
export type Given = Readonly<Record<string, unknown>>;

/** How many values a node reads. */
export interface InputCount {
  readonly least: number;
  readonly most: number;
}

export const ONE_INPUT: InputCount = { least: 1, most: 1 };
