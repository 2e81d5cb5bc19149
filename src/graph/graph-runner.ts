/**
 * Runs of a graph on inputs of any sizes. Sizes may follow from the elements of its inputs; where they follow from what is
 * computed, every node is computed by its definition.
 *
 * A plan is made for the sizes of the inputs, and for those elements that others follow from. The last few are kept, while
 * there is memory for them. What does not fit even so runs in parts, if it can (see `slices.ts`).
 */
import type { Context } from '../context/context.ts';
import type { ParsedSelection } from '../dispatch/select.ts';
import { NnpackError, show } from '../errors.ts';
import { makeArray, sizeOf, type TypedTensor, type TypedTensorLike } from '../tensor/ndarray.ts';
import { copyIn } from '../tensor/tensor.ts';
import type { Shape } from './compiled.ts';
import { DividedPlan, planDivided } from './divided-plan.ts';
import { runByDefinition } from './evaluate.ts';
import type { Graph } from './graph.ts';
import { bindInputs, inferTypes, isFew, type Types } from './infer.ts';
import { type Layout, layOut } from './layout.ts';
import type { KnownType } from './node.ts';
import { parseByName } from './parse-values.ts';
import type { NodeReport, RunAsyncOptions } from './plan.ts';
import { type CheckedInput, checkValue } from './run-values.ts';
import { type DoubleTensor, type Dtype, type Name, parameterOf } from './values.ts';

/** Plans that are kept: those of the sizes that were run last. */
const MOST_PLANS = 4;

type Inputs = Readonly<Record<Name, TypedTensorLike>>;

/** What was made for inputs of some sizes. */
interface Prepared {
  readonly shapes: string;
  /** The elements of inputs that sizes follow from. */
  readonly told: ReadonlyMap<Name, string>;
  /** null where nodes run by their definitions. */
  readonly plan: DividedPlan | null;
}

/** A graph that runs on inputs of any sizes, and keeps what it has prepared for some. */
export class GraphRunner {
  readonly #who: string;
  readonly #graph: Graph;
  readonly #selection: ParsedSelection;
  readonly #context: Context;
  /** The one that ran last is the last. */
  readonly #plans: Prepared[] = [];

  readonly #giveWay: () => boolean;

  /**
   * @param graph parsed
   * @param giveWay gives memory back that others hold for later; false when there is none
   */
  constructor(
    who: string,
    graph: Graph,
    selection: ParsedSelection,
    context: Context,
    giveWay: () => boolean = () => false,
  ) {
    this.#giveWay = giveWay;
    this.#who = who;
    this.#graph = graph;
    this.#selection = selection;
    this.#context = context;
  }

  run(inputs: Inputs): Record<Name, TypedTensor> {
    const values = checkAll(this.#who, this.#graph, inputs);
    const plan = this.#planFor(typesOfInputs(this.#who, this.#graph, values));
    return plan === null ? definedOutputs(this.#graph, values) : plan.run(inputs);
  }

  /** The same, but the event loop has its turn between nodes. One run at a time. */
  async runAsync(inputs: Inputs, options: RunAsyncOptions = {}): Promise<Record<Name, TypedTensor>> {
    const values = checkAll(this.#who, this.#graph, inputs);
    const plan = this.#planFor(typesOfInputs(this.#who, this.#graph, values));
    return plan === null ? definedOutputs(this.#graph, values) : plan.runAsync(inputs, options);
  }

  /** How it would run for inputs of these shapes; null where nodes run by their definitions. Nothing is loaded. */
  layout(shapes: ReadonlyMap<Name, Shape>): Layout | null {
    const types = bindInputs(this.#who, this.#graph, shapes);
    if (!isInferred(this.#graph, types)) return null;
    return layOut(this.#who, this.#graph, types, this.#selection, this.#context);
  }

  /** What became of the nodes in the last run; empty where they ran by their definitions, or nothing ran. */
  report(): readonly NodeReport[] {
    return this.#plans.at(-1)?.plan?.report() ?? [];
  }

  /** How many parts the work was cut into, because memory was short, in the last run. */
  get parts(): number {
    return this.#plans.at(-1)?.plan?.parts ?? 1;
  }

  dispose(): void {
    for (const { plan } of this.#plans.splice(0)) plan?.dispose();
  }

  #planFor(types: Types): DividedPlan | null {
    const shapes = shapesText(types);
    const known = this.#plans.findIndex((each) => each.shapes === shapes && isTold(each.told, types));
    const prepared = known < 0 ? this.#prepare(types, shapes) : this.#plans.splice(known, 1)[0];
    this.#plans.push(prepared);
    while (this.#plans.length > MOST_PLANS) this.#plans.shift()?.plan?.dispose();
    return prepared.plan;
  }

  #prepare(types: Types, shapes: string): Prepared {
    const told = new Map<Name, string>();
    const plan = this.#makePlan(recorded(types, told));
    return { shapes, told, plan };
  }

  #makePlan(types: Types): DividedPlan | null {
    if (!isInferred(this.#graph, types)) return null;
    for (;;) {
      const plan = this.#tryPlan(types);
      if (plan instanceof DividedPlan && plan.parts === 1) return plan;
      // What is kept for other sizes gives way before the work is divided.
      if (this.#plans.length === 0 && !this.#giveWay()) {
        if (plan instanceof DividedPlan) return plan;
        throw plan;
      }
      if (plan instanceof DividedPlan) plan.dispose();
      this.#plans.shift()?.plan?.dispose();
    }
  }

  /** A plan within what the context has left, or the error that says what it would take. */
  #tryPlan(types: Types): DividedPlan | NnpackError {
    const context = this.#context;
    const job = { who: this.#who, graph: this.#graph, inputs: types, areImagesApart: false, context };
    try {
      return planDivided({ ...job, selection: this.#selection, bytes: context.arena.largestBytes });
    } catch (error) {
      if (error instanceof NnpackError && error.code === 'out-of-memory') return error;
      throw error;
    }
  }
}

/** Whether the types of all values follow from those of the inputs. */
function isInferred(graph: Graph, inputs: Types): boolean {
  const types = inferTypes(graph, inputs);
  return graph.nodes.every((node) => node.outputs.every((name) => types.has(name)));
}

function shapesText(types: Types): string {
  return [...types.values()].map(({ shape }) => String(shape)).join(';');
}

/** The same types, which note the elements that somebody asks for. */
function recorded(types: Types, told: Map<Name, string>): Types {
  return new Map(
    [...types].map(([name, type]): [Name, KnownType] => {
      const { elements } = type;
      if (elements === undefined) return [name, type];
      const noted = () => {
        told.set(name, String(elements().data));
        return elements();
      };
      return [name, { ...type, elements: noted }];
    }),
  );
}

function isTold(told: ReadonlyMap<Name, string>, types: Types): boolean {
  return [...told].every(([name, elements]) => String(types.get(name)?.elements?.().data) === elements);
}

function checkAll(who: string, graph: Graph, inputs: unknown): ReadonlyMap<Name, CheckedInput> {
  const given = parseByName(who, 'inputs', inputs, [...graph.inputs.keys()], 'invalid-tensor');
  return new Map(
    [...graph.inputs].map(([name, { dtype, shape }]) => {
      if (!given.has(name)) throw new NnpackError('invalid-tensor', `${who}: input ${show(name)} is missing`);
      return [name, checkValue(who, `input ${show(name)}`, dtype, given.get(name), [shape.length])];
    }),
  );
}

function typesOfInputs(who: string, graph: Graph, checked: ReadonlyMap<Name, CheckedInput>): Types {
  const bound = bindInputs(who, graph, new Map([...checked].map(([name, { shape }]) => [name, shape])));
  return new Map(
    [...bound].map(([name, type]): [Name, KnownType] => {
      const input = checked.get(name) as CheckedInput;
      return [name, isFew(type) ? { ...type, elements: () => doubleOf(input, type.dtype) } : type];
    }),
  );
}

function doubleOf(input: CheckedInput, dtype: Dtype): DoubleTensor {
  if (!('stride' in input)) return { ...input, dtype };
  const dense = new Float32Array(sizeOf(input.shape));
  copyIn(input, dense, 0);
  return { shape: input.shape, data: Float64Array.from(dense), dtype };
}

function definedOutputs(graph: Graph, checked: ReadonlyMap<Name, CheckedInput>): Record<Name, TypedTensor> {
  const inputs = new Map(
    [...checked].map(([name, input]) => {
      return [name, doubleOf(input, graph.inputs.get(name)?.dtype ?? 'float32')] as const;
    }),
  );
  const values = runByDefinition(graph, inputs);
  return Object.fromEntries(
    graph.outputs.map((name) => {
      const value = values.get(name) as DoubleTensor;
      return [name, makeArray(parameterOf(value, value.dtype ?? 'float32', 'constant').data, value.shape)];
    }),
  );
}
