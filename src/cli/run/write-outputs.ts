/** What comes out of a model, as the files that were asked for. */
import { basename, extname } from 'node:path';
import { NnpackError, show } from '../../errors.ts';
import type { Dtype, Size, ValueType } from '../../graph/values.ts';
import type { TypedTensor } from '../../tensor/ndarray.ts';
import { fail } from '../arguments.ts';
import { writePng } from '../picture.ts';
import type { Picture } from '../picture-file.ts';
import { type PixelForm, tensorPicture } from '../pixels.ts';
import { type Ranges, rangeNotice } from '../range.ts';
import { kindOfFile, writeArray } from './array-files.ts';
import { type NamedFile, sizesText } from './named-files.ts';
import { pictureForm } from './picture-form.ts';

export interface OutputFile extends NamedFile {
  readonly kind: 'picture' | 'array';
}

/** Whether pictures have their channels last where sizes do not tell; and red first. */
export interface OutputOrder {
  readonly isChannelsLast: boolean;
  readonly isBgr: boolean;
}

function formOf(shape: readonly Size[] | null, { isChannelsLast }: Pick<OutputOrder, 'isChannelsLast'>) {
  const form = shape === null ? null : pictureForm(shape, isChannelsLast);
  return form !== null && shape !== null && isShapeOf(shape, form.isChannelsLast, form.channels) ? form : null;
}

function isShapeOf(shape: readonly Size[], isLast: boolean, channels: number): boolean {
  return shape.length >= 3 && shape[isLast ? shape.length - 1 : shape.length - 3] === channels;
}

/**
 * The files to write: those that are named, else the first output if it is a picture.
 *
 * @param types of the outputs, those that are known before a run
 * @param fallback the name of a picture then; null where none goes in
 */
export function outputFiles(
  names: readonly string[],
  named: readonly NamedFile[],
  types: ReadonlyMap<string, ValueType>,
  order: OutputOrder,
  fallback: string | null,
): OutputFile[] {
  const formFor = (name: string) => formOf(types.get(name)?.shape ?? null, order);
  if (named.length === 0) {
    const form = formFor(names[0]);
    return fallback !== null && form !== null && form.channels !== 1
      ? [{ name: names[0], path: fallback, kind: 'picture' }]
      : [];
  }
  return named.map((file): OutputFile => {
    if (kindOfFile(file.path) !== 'picture') return { ...file, kind: 'array' };
    // A PNG is what is written, and other names promise something else.
    if (extname(file.path).toLowerCase() !== '.png') {
      fail(`expected a name that ends in .png or .npy (or .pb) for what is written, got ${show(file.path)}`);
    }
    const type = types.get(file.name);
    if (type !== undefined && formFor(file.name) === null) throw noPicture(type.shape);
    return { ...file, kind: 'picture' };
  });
}

function noPicture(shape: readonly Size[]): NnpackError {
  const got = `the network gives ${sizesText(shape)}, expected [1, 3, H, W] for a picture; a .npy file takes any`;
  return new NnpackError('invalid-model', `run: ${got}`);
}

/** `flower.jpg` becomes `flower-2x.png` beside the caller. */
export function enlarged(picture: string): string {
  return `${basename(picture, extname(picture))}-2x.png`;
}

/** What was written: its size, and the picture if it is one. */
export interface Written extends OutputFile {
  readonly size: string;
  readonly picture: Picture | null;
  /** What is odd about the values of a picture. */
  readonly notice: string | null;
}

/** @param original the first picture that went in, whose transparency those that come out have */
export async function writeOutput(
  file: OutputFile,
  tensor: TypedTensor,
  dtype: Dtype,
  order: OutputOrder,
  ranges: Ranges,
  original: Picture | null,
): Promise<Written> {
  if (file.kind === 'array') {
    await writeArray(file.path, file.name, tensor, dtype);
    return { ...file, size: sizesText(tensor.shape), picture: null, notice: null };
  }
  const form = formOf(tensor.shape, order);
  if (form === null) throw noPicture(tensor.shape);
  const pixels: PixelForm = { ...form, isBgr: order.isBgr && form.channels !== 1, range: ranges.out };
  const result = tensorPicture(tensor, pixels, original);
  await writePng(file.path, result);
  const notice =
    tensor.data instanceof BigInt64Array
      ? null
      : rangeNotice(tensor.data, ranges.out, original === null ? undefined : ranges.in);
  return { ...file, size: `${result.width}×${result.height}`, picture: result, notice };
}
