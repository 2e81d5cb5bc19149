/** A good graph, and what to put in its place. */
import type { Graph } from '../../src/graph/index.ts';
import { randomNumbers } from './arbitrary.ts';

/** What may be anything. */
export type Loose = Record<string, unknown>;

export const parameter = (shape: readonly number[], seed: number) => ({
  type: { dtype: 'float32', shape },
  data: randomNumbers(
    seed,
    shape.reduce((a, b) => a * b, 1),
  ),
  role: 'weight',
});

export const node = (
  name: string,
  op: string,
  inputs: unknown,
  attributes: unknown = {},
  outputs: unknown = [name],
): Loose => {
  return { name, op, inputs, outputs, attributes };
};

/** A good graph, made anew each time, with fields of its own instead. */
export function graphWith(own: Loose = {}): Graph {
  const graph = {
    name: 'g',
    inputs: new Map<unknown, unknown>([['x', { dtype: 'float32', shape: ['N', 2, 'H', 'W'] }]]),
    parameters: new Map<unknown, unknown>([
      ['w', parameter([4, 2, 3, 3], 1)],
      ['b', parameter([4], 2)],
    ]),
    nodes: [node('conv', 'convolution', ['x', 'w', 'b'], { padding: 1 }), node('relu', 'relu', ['conv'])],
    outputs: ['relu'],
    ...own,
  };
  return graph as unknown as Graph;
}

export const withNodes = (...nodes: unknown[]) => graphWith({ nodes, outputs: ['y'] });
export const withInput = (type: unknown) => graphWith({ inputs: new Map([['x', type]]) });
export const withParameter = (own: Loose) => {
  const good = parameter([4], 2);
  return graphWith({
    parameters: new Map<string, unknown>([
      ['w', parameter([4, 2, 3, 3], 1)],
      ['b', { ...good, ...own }],
    ]),
  });
};

export class ThrowingMap extends Map<string, unknown> {
  override [Symbol.iterator](): never {
    throw new Error('no entries');
  }
}

export class JunkMap extends Map<string, unknown> {
  override *[Symbol.iterator](): MapIterator<[string, unknown]> {
    yield undefined as unknown as [string, unknown];
  }
}

export const trapped = <T extends object>(target: T): T => {
  const get = () => () => {
    throw new Error('a trap');
  };
  return new Proxy(target, new Proxy({}, { get }) as ProxyHandler<T>);
};

/** A text as an expression for the whole of it. */
export function whole(text: string | RegExp): RegExp {
  return text instanceof RegExp ? text : new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
}
