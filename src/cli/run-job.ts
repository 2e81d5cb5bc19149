/** What a run is given and what becomes of it: pictures and arrays that go in, and the files that come out. */
import { basename, extname } from 'node:path';
import { didYouMean, NnpackError, show } from '../errors.ts';
import type { Network } from '../networks/network.ts';
import { inferShapes, type PartialShape, type Shape } from '../networks/shapes.ts';
import { makeTensor, sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { randomArray, uniform } from '../tensor/random.ts';
import { fail } from './arguments.ts';
import type { Model } from './model.ts';
import { type NpyArray, readNpy, writeNpy } from './npy.ts';
import { readPicture, writePng } from './picture.ts';
import type { Picture } from './picture-file.ts';
import { fromTensor, toTensor } from './pixels.ts';
import { type Range, type Ranges, rangeNotice, USUAL } from './range.ts';

/** What the command line says of files. */
export interface Files {
  /** The picture that stands without an option. */
  readonly picture?: string;
  /** Each FILE or NAME=FILE. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Images at once, of a network with random weights. */
  readonly batch?: number;
  readonly ranges?: Ranges;
}

export interface Job {
  /** `flower.jpg 640×480`, or what else goes in. */
  readonly from: string;
  readonly inputs: Readonly<Record<string, TensorLike>>;
  readonly batch: number;
  readonly ranges: Ranges;
  /** The first picture that goes in: the transparency of those that come out is its. */
  readonly picture: Picture | null;
  readonly outputs: readonly OutputFile[];
  /** The picture that the first output must become. */
  readonly expected: string | null;
}

interface NamedFile {
  /** Of an input or output of the network. */
  readonly name: string;
  readonly path: string;
}

export interface OutputFile extends NamedFile {
  readonly kind: 'picture' | 'array';
}

export async function jobOf(model: Model, files: Files): Promise<Job> {
  if (!model.isTrained) return randomJob(model.network, files);
  if (files.batch !== undefined) fail('--batch expected a built-in network, got a model that takes files');
  const { network, sample } = model;
  const isSample = files.picture === undefined && files.inputs.length === 0 && sample !== null;
  const given = isSample ? [{ name: network.inputs[0].name, path: sample.picture }] : inputFiles(network, files);
  const ranges = files.ranges ?? USUAL;
  const read: ReadInput[] = [];
  for (const file of given) read.push(await readInput(file, shapeOf(network, file.name), ranges.in));
  const inputs = Object.fromEntries(given.map(({ name }, i) => [name, read[i].tensor]));
  const first = read.findIndex(({ picture }) => picture !== null);
  const batch = batchOf(network, inputs);
  const fallback = isSample ? 'result.png' : first < 0 ? null : enlarged(given[first].path);
  const outputs = outputFiles(network, files.outputs, shapesOf(network, inputs, batch), fallback);
  if (files.ranges !== undefined && first < 0 && !outputs.some(({ kind }) => kind === 'picture')) {
    fail('--range expected a picture that goes in or comes out, got none');
  }
  const said = given.map(({ name, path }, i) => `${given.length > 1 ? `${name}=` : ''}${path} ${read[i].size}`);
  const picture = first < 0 ? null : read[first].picture;
  return {
    from: said.join(', '),
    inputs,
    batch,
    ranges,
    picture,
    outputs,
    expected: isSample ? sample.expected : null,
  };
}

/** A built-in network has random weights: images are random as well. */
function randomJob(network: Network, { picture, inputs, outputs, batch = 1, ranges }: Files): Job {
  if (picture !== undefined || inputs.length > 0) {
    fail(`${network.name} has random weights and takes no picture, expected only options`);
  }
  if (outputs.length > 0) fail(`${network.name} gives no picture, expected no --out and no --output`);
  if (ranges !== undefined) fail(`${network.name} takes and gives no picture, expected no --range`);
  const [{ name }] = network.inputs;
  const shape = [batch, ...(shapeOf(network, name) as number[])];
  const tensor = makeTensor(randomArray(sizeOf(shape), uniform(1)), shape);
  const from = batch === 1 ? 'a random image' : `${batch} random images`;
  return { from, inputs: { [name]: tensor }, batch, ranges: USUAL, picture: null, outputs: [], expected: null };
}

function shapeOf(network: Network, input: string): PartialShape {
  return network.inputs.find(({ name }) => name === input)?.shape as PartialShape;
}

/** A file for each input. */
function inputFiles(network: Network, { picture, inputs }: Files): NamedFile[] {
  const names = network.inputs.map(({ name }) => name);
  if (picture !== undefined && inputs.length > 0) fail('expected a picture or --input, got both');
  if (picture !== undefined && names.length === 1) return [{ name: names[0], path: picture }];
  const files = inputs.map((text) => namedFile(text, '--input', names));
  refuseTwice(files, '--input');
  const missing = names.filter((name) => !files.some((file) => file.name === name));
  if (missing.length === 0) return files;
  const how = names.length === 1 ? 'a picture or --input FILE' : '--input NAME=FILE for each input of the model';
  const list = missing.map((name) => `${show(name)} ${sizesText(layoutOf(shapeOf(network, name)))}`).join(', ');
  return fail(`expected ${how}, got none for ${list}`);
}

/** NAME=FILE, or FILE alone where there is one name. */
function namedFile(text: string, option: string, names: readonly string[]): NamedFile {
  const [name] = names.filter((known) => text.startsWith(`${known}=`)).sort((a, b) => b.length - a.length);
  if (name !== undefined && text.length > name.length + 1) return { name, path: text.slice(name.length + 1) };
  // The name of a file may hold the sign as well: behind a folder it does.
  const [before, ...after] = text.split('=');
  const isFile = after.length === 0 || /[\\/]/.test(before);
  if (names.length === 1 && isFile) return { name: names[0], path: text };
  const hint = isFile ? '' : didYouMean(before, names);
  return fail(`${option} expected NAME=FILE, NAME one of ${names.map(show).join(', ')}, got ${show(text)}${hint}`);
}

function refuseTwice(files: readonly NamedFile[], option: string): void {
  const twice = files.find(({ name }, i) => files.findIndex((other) => other.name === name) < i);
  if (twice !== undefined) fail(`${option} expected one file for ${show(twice.name)}, got two`);
}

interface ReadInput {
  readonly tensor: TensorLike;
  readonly picture: Picture | null;
  readonly size: string;
}

async function readInput(file: NamedFile, shape: PartialShape, range: Range): Promise<ReadInput> {
  const { name, path } = file;
  if (isArray(path)) {
    const array = await readNpy(path);
    return { tensor: channelsFirst(file, array, shape), picture: null, size: sizesText(array.shape) };
  }
  if (shape.length !== 3) {
    fail(
      `input ${show(name)} takes ${sizesText(layoutOf(shape))}, expected the name of a .npy file, got ${show(path)}`,
    );
  }
  const picture = await readPicture(path);
  return { tensor: toTensor(picture, range), picture, size: `${picture.width}×${picture.height}` };
}

function isArray(path: string): boolean {
  return endsIn('.npy', path);
}

function endsIn(ending: string, path: string): boolean {
  return path.toLowerCase().endsWith(ending);
}

/** An array N H W C as the view N C H W that networks take; one without N is a batch of one. */
function channelsFirst(
  { name, path }: NamedFile,
  { data, shape, stride, offset }: NpyArray,
  declared: PartialShape,
): TensorLike {
  const layout = layoutOf(declared);
  const hasBatch = shape.length > layout.length;
  const sizes = hasBatch ? shape : [1, ...shape];
  const steps = hasBatch ? stride : [0, ...stride];
  const fits = layout.every((size, axis) => size === null || size === sizes[axis + 1]);
  if (sizes.length !== layout.length + 1 || !fits) {
    const expected = `that of input ${show(name)}, ${sizesText(layout)} with or without a batch before it`;
    const text = `array ${show(path)}: has shape ${sizesText(shape)}, expected ${expected}`;
    throw new NnpackError('invalid-input-size', text);
  }
  const order = layout.length === 3 ? [0, 3, 1, 2] : [0, 1];
  return { data, shape: order.map((axis) => sizes[axis]), stride: order.map((axis) => steps[axis]), offset };
}

/** The other way round, for what comes out. */
function channelsLast(tensor: Tensor): Tensor {
  return tensor.shape.length === 4 ? tensor.transpose(0, 2, 3, 1) : tensor;
}

function batchOf(network: Network, inputs: Job['inputs']): number {
  const batches = Object.entries(inputs).map(([name, { shape }]) => {
    const isWhole = shape.length > shapeOf(network, name).length;
    return { name, batch: isWhole ? shape[0] : 1 };
  });
  const [first] = batches;
  const other = batches.find(({ batch }) => batch !== first.batch);
  if (other !== undefined) {
    fail(
      `${show(first.name)} has a batch of ${first.batch}, expected the same for ${show(other.name)}, got ${other.batch}`,
    );
  }
  return first.batch;
}

/** The shapes of single images. */
export function imageShapes(network: Network, inputs: Job['inputs']): Record<string, Shape> {
  return Object.fromEntries(
    network.inputs.map(({ name, shape }) => [name, inputs[name].shape.slice(-shape.length)] as const),
  );
}

/** Of all outputs, with the batch. */
function shapesOf(network: Network, inputs: Job['inputs'], batch: number): Map<string, Shape> {
  const { values } = inferShapes(network, imageShapes(network, inputs), batch);
  return new Map(network.outputs.map((name) => [name, [batch, ...(values.get(name) as Shape)]]));
}

function isPicture(shape: Shape): boolean {
  return shape.length === 4 && shape[0] === 1 && shape[1] === 3;
}

/**
 * The files to write: those that are named, else the first output if it is a picture.
 *
 * @param fallback its name then; null where no picture goes in
 */
function outputFiles(
  network: Network,
  named: readonly string[],
  shapes: ReadonlyMap<string, Shape>,
  fallback: string | null,
): OutputFile[] {
  const [first] = network.outputs;
  if (named.length === 0) {
    const isWritten = fallback !== null && isPicture(shapes.get(first) as Shape);
    return isWritten ? [{ name: first, path: fallback, kind: 'picture' }] : [];
  }
  const files = named.map((text) => namedFile(text, '--output', network.outputs));
  return files.map((file): OutputFile => {
    if (isArray(file.path)) return { ...file, kind: 'array' };
    // A PNG is what is written, and other names promise something else.
    if (!endsIn('.png', file.path)) {
      fail(`expected a name that ends in .png or .npy for what is written, got ${show(file.path)}`);
    }
    const shape = shapes.get(file.name) as Shape;
    if (!isPicture(shape)) {
      const got = `the network gives ${sizesText(shape)}, expected [1, 3, H, W] for a picture; a .npy file takes any`;
      throw new NnpackError('invalid-model', `run: ${got}`);
    }
    return { ...file, kind: 'picture' };
  });
}

/** `flower.jpg` becomes `flower-2x.png` beside the caller. */
function enlarged(picture: string): string {
  return `${basename(picture, extname(picture))}-2x.png`;
}

/** What was written: its size, and the picture if it is one. */
export interface Written extends OutputFile {
  readonly size: string;
  readonly picture: Picture | null;
  /** What is odd about the values of a picture. */
  readonly notice: string | null;
}

export async function writeOutput(file: OutputFile, tensor: Tensor, { picture, ranges }: Job): Promise<Written> {
  if (file.kind === 'array') {
    const array = channelsLast(tensor);
    await writeNpy(file.path, array);
    return { ...file, size: sizesText(array.shape), picture: null, notice: null };
  }
  const result = fromTensor(tensor, picture, ranges.out);
  await writePng(file.path, result);
  const notice = rangeNotice(tensor.data, ranges.out, picture === null ? undefined : ranges.in);
  return { ...file, size: `${result.width}×${result.height}`, picture: result, notice };
}

export function sizesText(shape: PartialShape): string {
  return `[${shape.map((size) => size ?? '?').join(', ')}]`;
}

/** A declared shape in the layout of the files. */
function layoutOf([channels, ...image]: PartialShape): PartialShape {
  return [...image, channels];
}
