/**
 * What must hold of a network before anything is made of it: names are unique, every node reads only what was made
 * before it, and every node's own options make sense. What depends on the shapes of a node's inputs is checked where
 * shapes are inferred (shapes.ts).
 */
import { type ErrorCode, NnpackError, show } from '../errors.ts';
import type {
  Activation,
  ConvolutionNode,
  DenseArray,
  Network,
  NetworkNode,
  PoolingNode,
  ResizeNode,
  Sides,
} from './network.ts';
import { axesOf, sidesOf, whoIs } from './network.ts';

/** @throws NnpackError 'invalid-network', or the code of the option that makes no sense */
export function validateNetwork(network: Network): void {
  const who = `network '${network.name}'`;
  const all = new Set(network.nodes.map((node) => node.name));
  const known = new Set<string>();
  const define = (name: string) => {
    if (name === '') throw new NnpackError('invalid-network', `${who}: a value has no name`);
    if (known.has(name)) throw new NnpackError('invalid-network', `${who}: two values are named ${show(name)}`);
    known.add(name);
  };

  for (const input of network.inputs) {
    define(input.name);
    if (input.shape.length !== 1 && input.shape.length !== 3) {
      const got = show([...input.shape]);
      throw new NnpackError('invalid-rank', `${who}: input ${show(input.name)} expected [C, H, W] or [C], got ${got}`);
    }
  }
  for (const node of network.nodes) {
    for (const name of node.inputs) {
      if (known.has(name)) continue;
      const what = all.has(name)
        ? 'which is not computed before it (nodes stand in the order of computation, without cycles)'
        : 'which nothing computes';
      throw new NnpackError('invalid-network', `${whoIs(node)}: reads ${show(name)}, ${what}`);
    }
    validateNode(node);
    define(node.name);
  }
  if (network.outputs.length === 0) throw new NnpackError('invalid-network', `${who}: expected at least one output`);
  for (const name of network.outputs) {
    if (!known.has(name)) throw new NnpackError('invalid-network', `${who}: nothing computes the output ${show(name)}`);
  }
}

function validateNode(node: NetworkNode): void {
  validateInputCount(node);
  switch (node.op) {
    case 'convolution':
      validateConvolution(node);
      break;
    case 'fully-connected':
      validateArray(node, 'kernel', node.kernel, ['K', 'C']);
      validateVector(node, 'bias', node.bias, node.kernel.shape[0], 'invalid-bias');
      validateActivation(node, node.activation);
      break;
    case 'max-pooling':
    case 'average-pooling':
      validatePooling(node);
      break;
    case 'relu':
      expectSlope(node, 'negativeSlope', node.negativeSlope ?? 0);
      break;
    case 'clamp':
      validateActivation(node, { type: 'clamp', min: node.min, max: node.max });
      break;
    case 'addition':
      validateActivation(node, node.activation);
      break;
    case 'local-response-normalisation':
      expectInteger(node, 'size', node.size, 1, 'invalid-argument');
      for (const name of ['alpha', 'beta', 'bias'] as const) expectFinite(node, name, node[name]);
      break;
    case 'batch-normalisation':
      for (const name of ['beta', 'mean', 'variance'] as const) {
        validateVector(node, name, node[name], node.gamma.length, 'invalid-channels');
      }
      expectFinite(node, 'epsilon', node.epsilon);
      break;
    case 'scale-shift':
      validateVector(node, 'shift', node.shift, node.scale.length, 'invalid-channels');
      break;
    case 'resize':
      validateScale(node);
      break;
  }
}

function validateInputCount(node: NetworkNode): void {
  const least = node.op === 'addition' ? 2 : 1;
  const any = node.op === 'addition' || node.op === 'concatenation';
  const count = node.inputs.length;
  if (count >= least && (any || count === 1)) return;
  const expected = any ? `at least ${least} input(s)` : 'one input';
  throw new NnpackError('invalid-network', `${whoIs(node)}: expected ${expected}, got ${count}`);
}

function validateConvolution(node: ConvolutionNode): void {
  validateArray(node, 'kernel', node.kernel, ['K', 'C / groups', 'R', 'S']);
  const outputChannels = node.kernel.shape[0];
  const groups = node.groups ?? 1;
  expectInteger(node, 'groups', groups, 1, 'invalid-groups');
  if (outputChannels % groups !== 0) {
    const got = `${outputChannels} output channels`;
    throw new NnpackError('invalid-groups', `${whoIs(node)}: ${groups} groups do not divide ${got}`);
  }
  for (const stride of axesOf(node.stride ?? 1)) expectInteger(node, 'stride', stride, 1, 'invalid-stride');
  for (const dilation of axesOf(node.dilation ?? 1)) expectInteger(node, 'dilation', dilation, 1, 'invalid-dilation');
  if (node.padding !== undefined && node.padding !== 'same') validatePadding(node, sidesOf(node.padding));
  validateVector(node, 'bias', node.bias, outputChannels, 'invalid-bias');
  validateActivation(node, node.activation);
}

function validatePooling(node: PoolingNode): void {
  for (const size of axesOf(node.poolingSize)) expectInteger(node, 'poolingSize', size, 1, 'invalid-pooling-size');
  for (const stride of axesOf(node.stride ?? 1)) expectInteger(node, 'stride', stride, 1, 'invalid-pooling-stride');
  const padding = sidesOf(node.padding ?? 0);
  validatePadding(node, padding);
  if (node.convention === 'same' && Object.values(padding).some((zeros) => zeros !== 0)) {
    const what = "the convention 'same' chooses its own padding, expected none";
    throw new NnpackError('invalid-input-padding', `${whoIs(node)}: ${what}`);
  }
}

function validateScale(node: ResizeNode): void {
  for (const scale of axesOf(node.scale)) {
    if (scale > 0 && scale < Infinity) continue;
    throw new NnpackError('invalid-argument', `${whoIs(node)}: scale expected a positive number, got ${show(scale)}`);
  }
}

function validatePadding(node: NetworkNode, padding: Sides): void {
  for (const side of ['top', 'right', 'bottom', 'left'] as const) {
    expectInteger(node, `padding.${side}`, padding[side], 0, 'invalid-input-padding');
  }
}

function validateActivation(node: NetworkNode, activation: Activation | undefined): void {
  if (activation === undefined || activation === 'relu') return;
  if (activation.type === 'leaky') {
    expectSlope(node, 'the slope of the activation', activation.slope);
  } else if (!(activation.min <= activation.max)) {
    const got = `${activation.min} and ${activation.max}`;
    throw new NnpackError('invalid-activation-parameters', `${whoIs(node)}: clamp expected min ≤ max, got ${got}`);
  }
}

/** `letters` names the dimensions, and so tells their number. */
function validateArray(node: NetworkNode, name: string, array: DenseArray, letters: readonly string[]): void {
  const { data, shape } = array;
  const who = `${whoIs(node)}: ${name}`;
  const got = show([...shape]);
  if (shape.length !== letters.length) {
    throw new NnpackError('invalid-rank', `${who} expected the shape [${letters.join(', ')}], got ${got}`);
  }
  if (!shape.every((size) => Number.isInteger(size) && size > 0)) {
    throw new NnpackError('invalid-kernel-size', `${who} expected positive sizes, got ${got}`);
  }
  const count = shape.reduce((product, size) => product * size, 1);
  if (data.length !== count) {
    const what = `has ${data.length} numbers, expected ${count} (its shape is ${got})`;
    throw new NnpackError('invalid-tensor', `${who} ${what}`);
  }
}

function validateVector(
  node: NetworkNode,
  name: string,
  vector: Float32Array | undefined,
  length: number,
  code: ErrorCode,
): void {
  if (vector === undefined || vector.length === length) return;
  const what = `${name} has ${vector.length} numbers, expected ${length}`;
  throw new NnpackError(code, `${whoIs(node)}: ${what}`);
}

function expectInteger(node: NetworkNode, name: string, value: number, least: number, code: ErrorCode): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new NnpackError(code, `${whoIs(node)}: ${name} expected an integer ≥ ${least}, got ${show(value)}`);
}

function expectFinite(node: NetworkNode, name: string, value: number): void {
  if (Number.isFinite(value)) return;
  const what = `${name} expected a finite number, got ${show(value)}`;
  throw new NnpackError('invalid-argument', `${whoIs(node)}: ${what}`);
}

function expectSlope(node: NetworkNode, name: string, value: number): void {
  if (value >= 0 && value < Infinity) return;
  const what = `${name} expected a finite number of at least 0, got ${show(value)}`;
  throw new NnpackError('invalid-activation-parameters', `${whoIs(node)}: ${what}`);
}
