/** Files that go into a model: arrays in its own layout, and pictures that are fitted to what it takes. */
import { NnpackError, show } from '../../errors.ts';
import type { Name } from '../../graph/values.ts';
import type { ModelValue } from '../../models/source.ts';
import { denseStrides, type TypedTensorLike } from '../../tensor/ndarray.ts';
import { fail } from '../arguments.ts';
import { readPicture } from '../picture.ts';
import type { Picture } from '../picture-file.ts';
import { type PixelForm, pictureTensor } from '../pixels.ts';
import { type Range, rangeText, USUAL } from '../range.ts';
import { kindOfFile, readArray } from './array-files.ts';
import type { Subject } from './engine.ts';
import { fitPicture } from './fit-picture.ts';
import type { PictureHints } from './hints.ts';
import { type NamedFile, sizesText } from './named-files.ts';
import { type PictureForm, pictureForm } from './picture-form.ts';
import type { PictureSettings } from './settings.ts';

/** An input as it was read. */
export interface ReadInput {
  readonly name: Name;
  readonly path: string;
  readonly tensor: TypedTensorLike;
  /** As it came from its file; null for an array. */
  readonly picture: Picture | null;
  /** `640×480`, or the shape of an array. */
  readonly size: string;
  /** How the picture lies in the tensor. */
  readonly form: PixelForm | null;
  /** What was done to the picture, and guessed of it. */
  readonly said: readonly string[];
}

export async function readInput(
  subject: Subject,
  file: NamedFile,
  settings: PictureSettings,
  hints: PictureHints,
): Promise<ReadInput> {
  const value = subject.inputs.get(file.name) as ModelValue;
  if (kindOfFile(file.path) !== 'picture') return readArrayInput(file, value);
  const form = pictureForm(value.shape, subject.isChannelsLast);
  if (form === null || value.dtype === null) {
    const takes = `input ${show(file.name)} takes ${sizesText(value.shape ?? [])}`;
    return fail(`${takes}, expected the name of a .npy or .pb file, got ${show(file.path)}`);
  }
  return readPictureInput(file, value, form, settings, hints);
}

async function readArrayInput({ name, path }: NamedFile, value: ModelValue): Promise<ReadInput> {
  const array = await readArray(path, value.dtype ?? 'float32');
  const tensor = withBatch(name, path, array, value);
  return { name, path, tensor, picture: null, size: sizesText(array.shape), form: null, said: [] };
}

/** The array, a batch of one in front where it has none. */
function withBatch(name: Name, path: string, array: TypedTensorLike, { shape }: ModelValue): TypedTensorLike {
  if (shape === null) return array;
  const isOpen = typeof shape[0] === 'string' || shape[0] === 1;
  const stride = array.stride ?? denseStrides(array.shape);
  const whole =
    isOpen && array.shape.length === shape.length - 1
      ? { ...array, shape: [1, ...array.shape], stride: [0, ...stride] }
      : array;
  const fits = shape.every((size, axis) => typeof size === 'string' || size === whole.shape[axis]);
  if (fits && whole.shape.length === shape.length) return whole;
  const open = `${sizesText(shape.slice(1))} with or without a batch before it`;
  const expected = `that of input ${show(name)}, ${typeof shape[0] === 'string' ? open : sizesText(shape)}`;
  const text = `array ${show(path)}: has shape ${sizesText(array.shape)}, expected ${expected}`;
  throw new NnpackError('invalid-input-size', text);
}

async function readPictureInput(
  { name, path }: NamedFile,
  { dtype }: ModelValue,
  form: PictureForm,
  { ranges, fit, size, order }: PictureSettings,
  hints: PictureHints,
): Promise<ReadInput> {
  const original = await readPicture(path);
  const wanted = { height: form.height ?? size?.height ?? null, width: form.width ?? size?.width ?? null };
  const { picture, done } = fitPicture(original, wanted, fit);
  const said = done === null ? [] : [done];
  const range: Range = ranges?.in ?? hints.range?.range ?? USUAL.in;
  if (ranges === undefined && hints.range !== undefined)
    said.push(`values ${rangeText(range)}, as told by ${hints.range.why}`);
  const isBgr = order === undefined ? hints.isBgr === true : order === 'bgr';
  if (isBgr) said.push(order === undefined ? 'blue before red, as its metadata tells' : 'blue before red');
  if (form.channels === 1) said.push('made grey');
  const pixels: PixelForm = { channels: form.channels, isChannelsLast: form.isChannelsLast, isBgr, range };
  const image = pictureTensor(picture, pixels, dtype ?? 'float32');
  const stride = image.stride ?? denseStrides(image.shape);
  const tensor = form.hasBatch ? { ...image, shape: [1, ...image.shape], stride: [0, ...stride] } : image;
  return { name, path, tensor, picture: original, size: `${original.width}×${original.height}`, form: pixels, said };
}
