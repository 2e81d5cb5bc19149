/**
 * What is known of one operation, all of it in one record. What checks, types, shortens, places, slices and runs graphs
 * asks the records, so that a new operation is one file and one line of the table.
 *
 * An operation reads values, and behind them weights: numbers that it packs once, before it runs. Some inputs may be
 * left out, as null or at the end.
 */
import type { FieldsOf } from '../../check/options.ts';
import type { Activation } from '../attributes.ts';
import type { Compiled, Lowering, Shape } from '../compiled.ts';
import type { InferredType, InputTypes, OpNode } from '../node.ts';
import type { DoubleTensor, Name, Parameter, Role } from '../values.ts';
import type { WrittenOut } from './pattern.ts';
import type { Slicing } from './slicing.ts';

/** The record of an operation, A being the attributes of its nodes. */
export interface Operation<A extends object> {
  readonly inputs: Count;
  /** One when not told. */
  readonly outputs?: Count;
  /** Its weights, which come behind its values. */
  readonly weights?: readonly WeightInput[];
  readonly fields: FieldsOf<A>;
  /** Checks the attributes, which may hold anything. */
  check(who: string, given: Given): A;
  /** Checks the numbers of its weights where these are parameters. */
  checkWeights?(node: OpNode<A>, weights: Weights): void;
  /** The types of its outputs; null for one, or a size of one, that follows from what is not known yet. */
  infer(node: OpNode<A>, inputs: InputTypes): readonly (InferredType | null)[];
  /** What computes it in float32 for sizes that are known; where there is nothing, its reference does. */
  lower?(call: Lowering<A>): Compiled | null;
  /** Its definition as a loop in double, which shares nothing with what runs. Slow, and meant to be. */
  reference(node: OpNode<A>, inputs: readonly (DoubleTensor | null)[]): readonly DoubleTensor[];
  /** How many elements its reference looks at for each of its outputs, where these are many. */
  terms?(node: OpNode<A>, inputs: readonly (Shape | null)[]): number;
  /** How it works on slices of a picture, or why it cannot. */
  slicing(node: OpNode<A>, inputs: InputTypes): Slicing | string;
  /**
   * Inputs from this place on say what is done, of any type. Kernels are given their elements, and there is none where
   * these are not known before anything runs.
   */
  readonly settingsFrom?: number;
  /** Its outputs' elements follow from the types of its inputs. */
  readonly tellsElements?: true;
  /** The one output is the first input, element for element and in the same order. */
  readonly isView?: true;
  /** The output may lie on one of so many first inputs, where that dies and no later input lies there too. */
  readonly inPlace?: number;
  /** Each element depends on those at its own place alone, whatever the axes mean. */
  readonly isElementwise?: true;
  /** Whether the first output is the first input. */
  isIdentity?(node: OpNode<A>): boolean;
  /**
   * A node of another operation that computes the same for inputs of these types, in a faster way; null if there is none.
   * Sizes that are known by name only may be any.
   */
  specialise?(node: OpNode<A>, inputs: InputTypes): SpecialNode | null;
  /** The same as a factor and a summand for each channel; null where the weights are not known. */
  asScaleShift?(node: OpNode<A>, weights: Weights): ScaleShift | null;
  /** Its weights with such a one behind it in them; null if it cannot take it. */
  takeScaleShift?(node: OpNode<A>, weights: Weights, scaleShift: ScaleShift): Weights | null;
  /** The same as an activation of the node before it. */
  asActivation?(attributes: A): Activation;
  /** Its attributes with an activation behind it as its own; null if it has one. */
  takeActivation?(attributes: A, activation: Activation): A | null;
  /** Ways to write it out in other operations of one value x. */
  readonly writtenOut?: readonly WrittenOut<A>[];
  /** Its two inputs may change places. */
  readonly isCommutative?: true;
  /** What it is of a value's channels where its other input is a number p of each: with p behind the value, and before it. */
  readonly byChannels?: { readonly behind: ChannelForm; readonly before: ChannelForm | null };
  /**
   * The last of several nodes that compute the same and have kernels, for inputs of these types, of which those that are
   * parameters are known; null, with no parts made, if there are none.
   */
  decompose?(node: OpNode<A>, inputs: InputTypes, known: Weights, parts: Parts): SpecialNode | null;
  /** Its permutation of axes, where that is all that it does. */
  permutation?(attributes: A): readonly number[];
  /** As the field counts them; 0 where it is not told. */
  multiplyAdds?(inputs: readonly (Shape | null)[], outputs: readonly Shape[]): number;
  /** The nodes that compute the gradients of its inputs: room for them, because graphs only infer yet. */
  readonly gradient: null;
}

/** What a node without attributes has. */
export type NoAttributes = Readonly<Record<string, never>>;

/** A record, whatever its attributes. Methods are compared both ways, so that each record is one of these. */
export type AnyOperation = Operation<object>;

/** The attributes that a record is for. */
export type AttributesOf<R> = R extends Operation<infer A> ? A : never;

/** What was read of attributes: the fields may hold anything. */
export type Given = Readonly<Record<string, unknown>>;

/** How many values a node may read or make. */
export interface Count {
  readonly least: number;
  readonly most: number;
}

/** An input that is packed before the node runs. */
export interface WeightInput {
  readonly name: string;
  /** What its axes count, and so how many there are. */
  readonly axes: readonly string[];
  /** Of a parameter that a definition or reader makes for it. */
  readonly role: Role;
}

/** Another node in the place of one: under its name, and with its outputs. */
export interface SpecialNode {
  readonly op: string;
  readonly inputs: OpNode<object>['inputs'];
  readonly attributes: object;
}

/** Makes what several nodes in the place of one need besides the last of them. */
export interface Parts {
  /** A parameter of their own, under a free name. */
  parameter(what: string, parameter: Parameter): Name;
  /** A node before the last, and the name of what it makes. */
  value(what: string, op: string, inputs: OpNode<object>['inputs'], attributes: object): Name;
}

/** A factor and a summand of channels that follow from a number p; null for the factor where p has no exact one. */
export interface ChannelForm {
  readonly scale: (p: number) => number | null;
  readonly shift: (p: number) => number;
}

/** null where a weight is left out, or is no parameter. */
export type Weights = readonly (Parameter | null)[];

/** y = x · scale + shift, channel by channel. */
export interface ScaleShift {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

export const ONE: Count = { least: 1, most: 1 };
export const TWO_OR_MORE: Count = { least: 2, most: Number.POSITIVE_INFINITY };
export const ONE_OR_MORE: Count = { least: 1, most: Number.POSITIVE_INFINITY };

/** How many first inputs are values; what is behind them are weights. */
export function valueCount({ inputs, weights = [] }: Pick<AnyOperation, 'inputs' | 'weights'>): number {
  return inputs.most - weights.length;
}
