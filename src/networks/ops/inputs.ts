/** What operations expect of the shapes of their inputs. */
import { type ErrorCode, NnpackError, show } from '../../errors.ts';
import { type NetworkNode, type PartialShape, whoIs } from '../network.ts';

type Who = Pick<NetworkNode, 'name' | 'op'>;

export function elementsOf(shape: PartialShape): number | null {
  return shape.includes(null) ? null : shape.reduce((product: number, size) => product * size!, 1);
}

export function expectRank3(node: Who, shape: PartialShape): PartialShape {
  if (shape.length === 3) return shape;
  throw new NnpackError('invalid-rank', `${whoIs(node)}: input expected [C, H, W], got ${show([...shape])}`);
}

export function expectChannels(node: Who, shape: PartialShape, expected: number): PartialShape {
  if (shape[0] === null || shape[0] === expected) return shape;
  const what = `input has ${shape[0]} channels, expected ${expected}`;
  throw new NnpackError('invalid-channels', `${whoIs(node)}: ${what}`);
}

/** Shapes of `what` that must be the same; each tells the others what it leaves open. */
export function expectOneShape(node: Who, what: string, shapes: readonly PartialShape[]): PartialShape {
  return shapes.reduce((a, b) => agree(node, what, a, b));
}

function agree(node: Who, what: string, a: PartialShape, b: PartialShape): PartialShape {
  const same = a.length === b.length && a.every((size, axis) => size === null || b[axis] === null || size === b[axis]);
  const code: ErrorCode = a.length === b.length ? 'invalid-input-size' : 'invalid-rank';
  if (!same) {
    const got = `${show([...a])} and ${show([...b])}`;
    throw new NnpackError(code, `${whoIs(node)}: expected one shape for ${what}, got ${got}`);
  }
  return a.map((size, axis) => size ?? b[axis]);
}
