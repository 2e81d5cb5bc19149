/** Functions of a model, which become the nodes of the graph that calls them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runGraph } from '../../src/graph/run-graph.ts';
import { graphOfModel } from '../../src/onnx/graph-of-model.ts';
import type { AttributeProto, FunctionProto, Model, NodeProto, ValueInfo } from '../../src/onnx/proto.ts';
import { runs } from '../support/runs.ts';
import { graphProto, modelProto } from './draw.ts';

const FLOAT = { name: 'FLOAT', dtype: 'float32' } as const;
const info = (name: string): ValueInfo => ({ name, type: { kind: 'tensor', elements: FLOAT, shape: [2] } });
const float = (name: string, value: number): AttributeProto => ({ name, type: 'float', value });
const reference = (name: string, refAttrName: string): AttributeProto => {
  return { name, type: 'reference', refAttrName, valueType: 'float' };
};

/** `y = LeakyRelu(x)`; what is called by a name with a dot is of a domain. */
function node(text: string, attributes: readonly AttributeProto[] = [], overload = ''): NodeProto {
  const [, outputs, op, inputs] = /^(.*?) ?= ?([\w.]+)\((.*)\)$/.exec(text) as RegExpExecArray;
  const names = (list: string) => (list === '' ? [] : list.split(',').map((name) => name.trim()));
  const [opType, domain = ''] = op.split('.').reverse();
  const byName = new Map(attributes.map((attribute) => [attribute.name, attribute]));
  return { name: '', opType, domain, overload, inputs: names(inputs), outputs: names(outputs), attributes: byName };
}

function define(
  name: string,
  inputs: string,
  outputs: string,
  nodes: readonly NodeProto[],
  more: Partial<FunctionProto> = {},
) {
  const names = (list: string) => list.split(',').filter((each) => each !== '');
  return {
    name,
    domain: 'own',
    overload: '',
    inputs: names(inputs),
    outputs: names(outputs),
    attributes: [],
    defaults: new Map(),
    nodes,
    opsets: new Map([
      ['', 17],
      ['own', 1],
    ]),
    valueInfo: [],
    ...more,
  } satisfies FunctionProto;
}

function model(functions: readonly FunctionProto[], nodes: readonly NodeProto[], more: Partial<Model> = {}): Model {
  const graph = graphProto({ nodes, inputs: [info('x')], outputs: [info('y')] });
  return modelProto(graph, {
    functions,
    opsets: new Map([
      ['', 17],
      ['own', 1],
      ['unused', 3],
    ]),
    ...more,
  });
}

function run(given: Model, x: readonly number[] = [-2, 3]): number[] {
  const { y } = runGraph(graphOfModel(given).graph, { x: { data: Float32Array.from(x), shape: [2] } });
  return [...y.data].map(Number);
}

describe('functions', () => {
  it('are computed by their nodes', () => {
    const square = define('Square', 'a', 'b', [node('b = Mul(a, a)')]);
    expect(run(model([square], [node('y = own.Square(x)')]))).toEqual([4, 9]);
  });

  it('take attributes of the call, else their default, else leave them to the operator', () => {
    const nodes = [node('b = LeakyRelu(a)', [reference('alpha', 'slope')])];
    const told = define('Leaky', 'a', 'b', nodes, { attributes: ['slope'] });
    const defaults = define('Leaky', 'a', 'b', nodes, { defaults: new Map([['slope', float('slope', 0.25)]]) });
    const call = (attributes: AttributeProto[]) => [node('y = own.Leaky(x)', attributes)];
    expect(run(model([told], call([float('slope', 0.5)])))).toEqual([-1, 3]);
    expect(run(model([told], call([])))).toEqual([Math.fround(-2 * 0.01), 3]);
    expect(run(model([defaults], call([])))).toEqual([-0.5, 3]);
    expect(run(model([defaults], call([float('slope', 0.5)])))).toEqual([-1, 3]);
  });

  it('hand attributes on to functions that they call', () => {
    const inner = define('Inner', 'a', 'b', [node('b = LeakyRelu(a)', [reference('alpha', 'slope')])], {
      attributes: ['slope'],
    });
    const outer = define('Outer', 'a', 'b', [node('b = own.Inner(a)', [reference('slope', 'own')])], {
      attributes: ['own'],
    });
    expect(run(model([outer, inner], [node('y = own.Outer(x)', [float('own', 0.5)])]))).toEqual([-1, 3]);
  });

  it('have names of their own', () => {
    const twice = define('Twice', 'x', 'y', [node('t = Add(x, x)'), node('y = Identity(t)')]);
    const nodes = [node('t = own.Twice(x)'), node('t/t = own.Twice(t)'), node('y = own.Twice(t/t)')];
    expect(run(model([twice], nodes))).toEqual([-16, 24]);
  });

  it('may leave inputs and outputs out, and give back what they are given', () => {
    const own = define('Own', 'a,low,high', 'copy,same,clipped', [
      node('copy = Identity(a)'),
      node('clipped = Clip(a, low, high)'),
    ]);
    const through = define('Through', 'a,b', 'b,a', []);
    const nodes = [node('_c,,z = own.Own(x,,m)'), node('one,two = own.Through(z, x)'), node('y = Sub(one, two)')];
    const { graph, ...rest } = model([own, through], nodes);
    const most = { ...graph, inputs: [info('x')], nodes: [node('m = Mean(k)'), ...nodes.slice(0)] };
    const scalar = { name: 'k', dataType: 1, dims: [], floatData: Float32Array.of(1) };
    const none = { rawData: null, int32Data: null, int64Data: null, doubleData: null, uint64Data: null };
    const initializers = [{ ...scalar, ...none, external: null, isSegment: false }];
    expect(run({ ...rest, graph: { ...most, initializers } })).toEqual([0, 2]);
  });

  it('have a version of the operators of their own', () => {
    const old = define('Old', 'a', 'b', [node('b = Clip(a)', [float('min', -1), float('max', 1)])], {
      opsets: new Map([['', 7]]),
    });
    expect(run(model([old], [node('y = own.Old(x)')]))).toEqual([-1, 1]);
  });

  it('are told apart by overload and domain', () => {
    const one = define('F', 'a', 'b', [node('b = Neg(a)')], { overload: 'one' });
    const two = define('F', 'a', 'b', [node('b = Abs(a)')], { overload: 'two' });
    const other = define('F', 'a', 'b', [node('b = Relu(a)')], { domain: 'other' });
    expect(run(model([one, two, other], [node('y = own.F(x)', [], 'one')]))).toEqual([2, -3]);
    expect(run(model([one, two, other], [node('y = own.F(x)', [], 'two')]))).toEqual([2, 3]);
    expect(run(model([one, two, other], [node('y = other.F(x)')]))).toEqual([0, 3]);
  });

  it('give what a walk through the calls gives', () => {
    const names = ['a', 'b', 't', 'x', 'y', 'F1/t'] as const;
    const call = fc.record({
      op: fc.constantFrom('Add', 'Sub', 'LeakyRelu', 'own.F0', 'own.F1', 'own.F2'),
      picks: fc.tuple(fc.nat(20), fc.nat(20)),
      slope: fc.constantFrom(0.5, 0.25, 'reference'),
      output: fc.constantFrom(...names),
    });
    /** A function of two values by names that are drawn anew for each; it may call those before it. */
    const body = (level: number) =>
      fc.array(call, { minLength: 1, maxLength: 4 }).map((calls) => {
        const known: string[] = ['a', 'x'];
        const nodes = calls.map(({ op, picks, slope, output }, i) => {
          const callable = op.startsWith('own.F') && Number(op.slice(5)) >= level ? 'Sub' : op;
          const inputs = callable === 'LeakyRelu' ? picks.slice(0, 1) : picks;
          const read = inputs.map((pick) => known[pick % known.length]);
          const name = known.includes(output) ? `${output}_${i}` : output;
          known.push(name);
          const takes = callable === 'LeakyRelu' ? 'alpha' : 'slope';
          const attribute = slope === 'reference' ? reference(takes, 'slope') : float(takes, slope as number);
          const has = callable === 'LeakyRelu' || callable.startsWith('own.');
          return node(`${name} = ${callable}(${read.join(', ')})`, has ? [attribute] : []);
        });
        const last = known.at(-1) as string;
        return define(`F${level}`, 'a,x', last, nodes, { defaults: new Map([['slope', float('slope', 0.125)]]) });
      });
    const property = fc.property(fc.tuple(body(0), body(1), body(2), body(3)), (functions) => {
      const walk = ({ inputs, outputs, nodes }: FunctionProto, values: readonly number[], slope: number): number => {
        const known = new Map(inputs.map((name, i) => [name, values[i]]));
        for (const each of nodes) {
          const [a, b] = each.inputs.map((name) => known.get(name) as number);
          const given = each.attributes.get('slope') ?? each.attributes.get('alpha');
          const own = given?.type === 'float' ? given.value : slope;
          const called = functions.find(({ name }) => name === each.opType);
          const results: Record<string, () => number> = {
            Add: () => a + b,
            Sub: () => a - b,
            LeakyRelu: () => (a < 0 ? a * own : a),
          };
          known.set(each.outputs[0], called ? walk(called, [a, b], own) : results[each.opType]());
        }
        return known.get(outputs[0]) as number;
      };
      const nodes = [node('t = Neg(x)'), node('y = own.F3(x, t)')];
      const expected = [-2, 3].map((x) => walk(functions[3], [x, -x], 0.125));
      expect(run(model(functions, nodes)).map((value) => value + 0)).toEqual(expected.map((value) => value + 0));
    });
    fc.assert(property, { numRuns: runs(100) });
  });
});

describe('functions that make no sense', () => {
  const f = define('F', 'a', 'b', [node('b = Neg(a)')]);
  const error = (functions: readonly FunctionProto[], ...nodes: NodeProto[]) => {
    try {
      graphOfModel(model(functions, nodes));
    } catch (thrown) {
      return thrown;
    }
  };

  it.each<[string, readonly FunctionProto[], NodeProto, string, string]>([
    [
      'call themselves',
      [define('F', 'a', 'b', [node('b = own.F(a)')])],
      node('y = own.F(x)'),
      'invalid-model',
      'calls itself',
    ],
    [
      'call one another in a circle',
      [define('F', 'a', 'b', [node('b = own.G(a)')]), define('G', 'a', 'b', [node('b = own.F(a)')])],
      node('y = own.F(x)'),
      'invalid-model',
      "function 'F' calls itself",
    ],
    ['are given too much', [f], node('y = own.F(x, x)'), 'invalid-model', 'it has 2 inputs, expected at most 1'],
    ['are asked for too much', [f], node('y,z = own.F(x)'), 'invalid-model', 'it has 2 outputs, expected at most 1'],
    ['do not know an attribute', [f], node('y = own.F(x)', [float('k', 1)]), 'invalid-model', "no attribute 'k'"],
    ['are there twice', [f, f], node('y = own.F(x)'), 'invalid-model', "the function 'F' twice"],
    ['are not there', [f], node('y = own.G(x)'), 'unsupported-layer', 'own.G'],
    [
      'name no version',
      [{ ...f, opsets: new Map() }],
      node('y = own.F(x)'),
      'invalid-model',
      "function 'F': it names no version of ONNX's operators",
    ],
    [
      'name an old version',
      [{ ...f, opsets: new Map([['', 6]]) }],
      node('y = own.F(x)'),
      'unsupported-layer',
      'of version 6',
    ],
    [
      'have graphs',
      [define('F', 'a', 'b', [node('b = Neg(a)', [{ name: 'g', type: 'graph', value: graphProto() }])])],
      node('y = own.F(x)'),
      'unsupported-layer',
      'a graph in a function',
    ],
    [
      'refer to an attribute of another type',
      [define('F', 'a', 'b', [node('b = Elu(a)', [reference('alpha', 'k')])], { attributes: ['k'] })],
      node('y = own.F(x)', [{ name: 'k', type: 'int', value: 1 }]),
      'invalid-model',
      "attribute 'k' is of type int, expected float",
    ],
  ])('%s', (_, functions, call, code, text) => {
    expect(error(functions, call)).toMatchObject({ code, message: expect.stringContaining(text) });
  });

  it('are refused before they would be without number', () => {
    const doubling = Array.from({ length: 40 }, (_, i) => {
      const called = i === 0 ? 'Neg' : `own.F${i - 1}`;
      return define(`F${i}`, 'a', 'b', [node(`t = ${called}(a)`), node(`b = ${called}(t)`)]);
    });
    expect(error(doubling, node('y = own.F39(x)'))).toMatchObject({ code: 'out-of-memory' });
  });

  it('are refused where they call one another too deep', () => {
    const chain = Array.from({ length: 5000 }, (_, i) => {
      return define(`F${i}`, 'a', 'b', [node(`b = ${i === 0 ? 'Neg' : `own.F${i - 1}`}(a)`)]);
    });
    expect(error(chain, node('y = own.F4999(x)'))).toMatchObject({ code: 'unsupported-layer' });
    expect(run(model(chain, [node('y = own.F50(x)')]))).toEqual([2, -3]);
  });

  it('are nobody’s concern where nobody calls them', () => {
    const endless = define('Endless', 'a', 'b', [node('b = own.Endless(a)'), node('c = Unknown(a)')]);
    expect(run(model([endless, f], [node('y = own.F(x)')]))).toEqual([2, -3]);
  });
});
