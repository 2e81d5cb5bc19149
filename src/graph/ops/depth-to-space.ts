import { expectOneOf } from '../../check/options.ts';
import { NnpackError, show } from '../../errors.ts';
import { whoIs } from '../node.ts';
import { at, build, present } from './double.ts';
import { expectPlanes, onOneType } from './inputs.ts';
import { type Given, ONE, type Operation } from './operation.ts';
import { lowerStrided } from './strided.ts';

const ORDERS = ['block-first', 'channel-first'] as const;

/**
 * [N, C · b², H, W] → [N, C, H · b, W · b]: b · b channels become the pixels of a block. Channel (i, j, c) is row i and
 * column j of the blocks of channel c; by 'channel-first' channel (c, i, j) is.
 */
export interface BlockAttributes {
  /** b */
  readonly blockSize: number;
  readonly order: (typeof ORDERS)[number];
}

export const BLOCK_FIELDS = { blockSize: true, order: true } as const;

export function checkBlock(who: string, { blockSize, order }: Given): BlockAttributes {
  if (typeof blockSize !== 'number' || !Number.isInteger(blockSize) || blockSize < 1) {
    const text = `blockSize is ${show(blockSize)}, expected a whole number of at least 1`;
    throw new NnpackError('invalid-argument', `${who}: ${text}`);
  }
  return { blockSize, order: expectOneOf(who, 'order', order, ORDERS, 'invalid-argument') };
}

export const depthToSpace: Operation<BlockAttributes> = {
  inputs: ONE,
  fields: BLOCK_FIELDS,
  check: checkBlock,
  infer: onOneType((node, [x]) => {
    const [batch, channels, height, width] = expectPlanes(node, x);
    const b = node.attributes.blockSize;
    if (typeof channels === 'number' && channels % b ** 2 !== 0) {
      const text = `input has ${channels} channels, expected a multiple of ${b ** 2} (blockSize²)`;
      throw new NnpackError('invalid-channels', `${whoIs(node)}: ${text}`);
    }
    const enlarged = (size: typeof height) => (typeof size === 'number' ? size * b : b === 1 ? size : null);
    return [[batch, typeof channels === 'number' ? channels / b ** 2 : null, enlarged(height), enlarged(width)]];
  }),
  lower({ node, inputs, context }) {
    const [batch, channels, height, width] = inputs[0] ?? [];
    const { blockSize: b, order } = node.attributes;
    const plane = height * width;
    const made = channels / b ** 2;
    const [channel, row, column] =
      order === 'block-first' ? [plane, b * made * plane, made * plane] : [b * b * plane, b * plane, plane];
    const shape = [batch, made, height, b, width, b];
    return lowerStrided(context, { shape, stride: [channels * plane, channel, width, row, 1, column], offset: 0 });
  },
  reference({ attributes: { blockSize: b, order } }, [input]) {
    const x = present(input);
    const [batch, channels, height, width] = x.shape;
    const made = channels / b ** 2;
    const source = ([n, c, h, w]: readonly number[]) => {
      const block = (h % b) * b + (w % b);
      const channel = order === 'block-first' ? block * made + c : c * b ** 2 + block;
      return [n, channel, Math.floor(h / b), Math.floor(w / b)];
    };
    return [build([batch, made, height * b, width * b], (index) => at(x, source(index)))];
  },
  slicing: ({ attributes: { blockSize: b } }) => ({
    scale: [b, b],
    needed: (_axis, { lo, hi }) => ({ lo: Math.floor(lo / b), hi: Math.ceil(hi / b) }),
  }),
  isIdentity: ({ attributes }) => attributes.blockSize === 1,
  gradient: null,
};
