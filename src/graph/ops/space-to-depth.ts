import { NnpackError } from '../../errors.ts';
import { whoIs } from '../node.ts';
import { shapeText } from '../values.ts';
import { BLOCK_FIELDS, type BlockAttributes, checkBlock } from './depth-to-space.ts';
import { at, build, present } from './double.ts';
import { expectPlanes, onOneType } from './inputs.ts';
import { ONE, type Operation } from './operation.ts';
import { lowerStrided } from './strided.ts';

/** [N, C, H · b, W · b] → [N, C · b², H, W]: what {@link depthToSpace} undoes. */
export const spaceToDepth: Operation<BlockAttributes> = {
  inputs: ONE,
  fields: BLOCK_FIELDS,
  check: checkBlock,
  infer: onOneType((node, [x]) => {
    const [batch, channels, ...plane] = expectPlanes(node, x);
    const b = node.attributes.blockSize;
    if (plane.some((size) => typeof size === 'number' && size % b !== 0)) {
      const text = `input is ${shapeText(x ?? [])}, expected planes of a multiple of ${b} (blockSize)`;
      throw new NnpackError('invalid-input-size', `${whoIs(node)}: ${text}`);
    }
    const parted = (size: typeof channels) => (typeof size === 'number' ? size / b : b === 1 ? size : null);
    const made = typeof channels === 'number' ? channels * b ** 2 : b === 1 ? channels : null;
    return [[batch, made, parted(plane[0]), parted(plane[1])]];
  }),
  lower({ node, inputs, context }) {
    const [batch, channels, height, width] = inputs[0] ?? [];
    const { blockSize: b, order } = node.attributes;
    const plane = height * width;
    const [size, step] = [
      [batch, channels, b, b],
      [channels * plane, plane, width, 1],
    ];
    const turned = (list: readonly number[]) => (order === 'block-first' ? [list[0], list[2], list[3], list[1]] : list);
    const shape = [...turned(size), height / b, width / b];
    return lowerStrided(context, { shape, stride: [...turned(step), b * width, b], offset: 0 });
  },
  reference({ attributes: { blockSize: b, order } }, [input]) {
    const x = present(input);
    const [batch, channels, height, width] = x.shape;
    const source = ([n, c, h, w]: readonly number[]) => {
      const isBlockFirst = order === 'block-first';
      const block = isBlockFirst ? Math.floor(c / channels) : c % b ** 2;
      const channel = isBlockFirst ? c % channels : Math.floor(c / b ** 2);
      return [n, channel, h * b + Math.floor(block / b), w * b + (block % b)];
    };
    return [build([batch, channels * b ** 2, height / b, width / b], (index) => at(x, source(index)))];
  },
  slicing: () => 'slices need the rows and columns where they are',
  isIdentity: ({ attributes }) => attributes.blockSize === 1,
  gradient: null,
};
