/** How an input or output of a model holds a picture, found from its shape. */
import type { Size } from '../../graph/values.ts';
import type { Channels } from '../pixels.ts';

/** Which axes are the channels, rows and columns, and how long they must be. */
export interface PictureForm {
  readonly channels: Channels;
  readonly isChannelsLast: boolean;
  /** Whether there is an axis before them. */
  readonly hasBatch: boolean;
  /** null where any will do. */
  readonly height: number | null;
  readonly width: number | null;
}

/**
 * The form of a shape [N, C, H, W], [N, H, W, C], or either without N: the axis of 1, 3 or 4 is that of the channels. Where
 * both or none could be, the usual order of the format decides, and three channels. null for what is no picture.
 *
 * @param shape null where the files do not tell it
 */
export function pictureForm(shape: readonly Size[] | null, isUsuallyLast: boolean): PictureForm | null {
  if (shape === null) return { channels: 3, isChannelsLast: isUsuallyLast, hasBatch: true, height: null, width: null };
  if (shape.length !== 4 && shape.length !== 3) return null;
  const hasBatch = shape.length === 4;
  // A batch that is fixed must be one.
  if (hasBatch && typeof shape[0] === 'number' && shape[0] !== 1) return null;
  const image = hasBatch ? shape.slice(1) : shape;
  const isChannelsLast = isLast(image[0], image[2], isUsuallyLast);
  if (isChannelsLast === null) return null;
  const [channels, height, width] = isChannelsLast ? [image[2], image[0], image[1]] : image;
  return {
    channels: isChannels(channels) ? channels : 3,
    ...{ isChannelsLast, hasBatch },
    height: typeof height === 'number' ? height : null,
    width: typeof width === 'number' ? width : null,
  };
}

function isLast(first: Size, last: Size, isUsuallyLast: boolean): boolean | null {
  const known = [isChannels(first), isChannels(last)];
  if (known[0] !== known[1]) return known[1];
  if (known[0]) return isUsuallyLast;
  const usual = isUsuallyLast ? last : first;
  return typeof usual === 'string' ? isUsuallyLast : null;
}

function isChannels(size: Size): size is Channels {
  return size === 1 || size === 3 || size === 4;
}
