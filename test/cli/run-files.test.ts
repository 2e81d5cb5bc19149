/** `run` with models of one's own: arrays in and out in their own layout, and pictures in their range. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ndarray from 'ndarray';
import { PNG } from 'pngjs';
import { afterAll, describe, expect, it } from 'vitest';
import { readNpy, writeNpy } from '../../src/cli/npy.ts';
import { decodePicture, readPicture } from '../../src/cli/picture.ts';
import { fromTensor, toTensor } from '../../src/cli/pixels.ts';
import { RANGES, rangeNotice, rangesText, readRanges } from '../../src/cli/range.ts';
import { MAIN, resident } from '../support/process.ts';
import type { KerasLayer } from '../tfjs/keras.ts';
import { functionalModel, type Model } from '../tfjs/models.ts';

const folder = mkdtempSync(join(tmpdir(), 'nnpack-ts-files-'));
const one = resident(MAIN);

afterAll(async () => {
  await one.end();
  rmSync(folder, { recursive: true });
});

const path = (name: string) => join(folder, name);

function save(name: string, { json, shards }: Model): string {
  mkdirSync(path(name));
  for (const [file, bytes] of Object.entries(shards)) writeFileSync(path(`${name}/${file}`), bytes);
  writeFileSync(path(`${name}/model.json`), JSON.stringify(json));
  return path(`${name}/model.json`);
}

const input = (name: string, shape: readonly (number | null)[]): KerasLayer => ({
  class_name: 'InputLayer',
  config: { name, batch_input_shape: [null, ...shape] },
  inbound_nodes: [],
});
const reads = (...names: string[]) => [names.map((name) => [name, 0, 0, {}])];

/** y = Σ M[c, k] x[c] + bias[k] for each pixel. */
function pixelwise(name: string, matrix: readonly (readonly number[])[], bias: readonly number[]): string {
  const kernel = { shape: [1, 1, matrix.length, bias.length], data: Float32Array.from(matrix.flat()) };
  const weights = { 'y/kernel': kernel, 'y/bias': { shape: [bias.length], data: Float32Array.from(bias) } };
  const config = { name: 'y', filters: bias.length, kernel_size: [1, 1], strides: [1, 1], padding: 'same' };
  const layer = { class_name: 'Conv2D', config, inbound_nodes: reads('x') };
  return save(name, functionalModel([input('x', [null, null, matrix.length]), layer], weights));
}

const two = save(
  'two',
  functionalModel(
    [
      input('a', [2, 3, 2]),
      input('b', [2, 3, 1]),
      { class_name: 'Concatenate', config: { name: 'c' }, inbound_nodes: reads('a', 'b') },
      { class_name: 'GlobalAveragePooling2D', config: { name: 'm' }, inbound_nodes: reads('c') },
    ],
    {},
    ['c', 'm'],
  ),
);
const swap = pixelwise(
  'swap',
  [
    [0, 10],
    [1, 0],
  ],
  [0, 100],
); // prettier-ignore

const array = (shape: readonly number[], at: (i: number) => number = (i) => i) => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return ndarray(
    Float32Array.from({ length: size }, (_, i) => at(i)),
    [...shape],
  );
};

const run = (...args: string[]) => one.run('run', ...args, '--threads', '1');
const failing = async (...args: string[]) => {
  const before = readdirSync(folder).sort();
  const { status, stdout, stderr } = await run(...args);
  expect([status, stdout, readdirSync(folder).sort()]).toEqual([2, '', before]);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  return stderr;
};

describe('arrays', () => {
  it("go in and come out in the model's own layout", async () => {
    await writeNpy(path('x.npy'), array([1, 2, 3, 2]));
    const { status, stdout, stderr } = await run(swap, '--input', path('x.npy'), '--output', path('y.npy'));
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`${path('x.npy')} [1, 2, 3, 2] → ${path('y.npy')} [1, 2, 3, 2]`);
    const { data, shape } = await readNpy(path('y.npy'));
    expect(shape).toEqual([1, 2, 3, 2]);
    expect([...data]).toEqual([1, 100, 3, 120, 5, 140, 7, 160, 9, 180, 11, 200]);
  });

  it('may have a batch or none, and the order of Fortran', async () => {
    await writeNpy(path('image.npy'), array([2, 3, 2]));
    expect((await run(swap, '--input', `x=${path('image.npy')}`, '--output', `y=${path('y.npy')}`)).status).toBe(0);
    expect((await readNpy(path('y.npy'))).shape).toEqual([1, 2, 3, 2]);
    const header = "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 1, 2, 2), }\n";
    const bytes = Buffer.alloc(10 + header.length + 48);
    bytes.write('\x93NUMPY\x01\x00', 'latin1');
    bytes.writeUInt16LE(header.length, 8);
    bytes.write(header, 10);
    // x[n, 0, w, c] = n + 3 w + 6 c
    for (let i = 0; i < 12; i++) bytes.writeFloatLE(i, 10 + header.length + 4 * i);
    writeFileSync(path('f.npy'), bytes);
    expect((await run(swap, '--input', path('f.npy'), '--output', path('y.npy'))).status).toBe(0);
    const { data, shape } = await readNpy(path('y.npy'));
    expect(shape).toEqual([3, 1, 2, 2]);
    expect([...data]).toEqual([6, 100, 9, 130, 7, 110, 10, 140, 8, 120, 11, 150]);
  });

  it('serve models with several inputs and outputs, by name', async () => {
    await writeNpy(path('a.npy'), array([2, 2, 3, 2]));
    await writeNpy(
      path('b=.npy'),
      array([2, 2, 3, 1], (i) => -1 - i),
    );
    const files = ['--input', `b=${path('b=.npy')}`, '--input', `a=${path('a.npy')}`];
    const { status, stderr } = await run(
      two,
      ...files,
      '--output',
      `m=${path('m.npy')}`,
      '--output',
      `c=${path('c.npy')}`,
    );
    expect([status, stderr]).toEqual([0, '']);
    const c = await readNpy(path('c.npy'));
    expect(c.shape).toEqual([2, 2, 3, 3]);
    expect([...c.data.slice(0, 6)]).toEqual([0, 1, -1, 2, 3, -2]);
    const m = await readNpy(path('m.npy'));
    expect(m.shape).toEqual([2, 3]);
    expect([...m.data]).toEqual([5, 6, -3.5, 17, 18, -9.5]);
  });

  it('are refused in one line where they do not fit, with nothing written', async () => {
    await writeNpy(path('flat.npy'), array([6]));
    await writeNpy(path('wide.npy'), array([2, 3, 5]));
    await writeNpy(path('three.npy'), array([3, 2, 3, 1]));
    const a = ['--input', `a=${path('a.npy')}`];
    const b = ['--input', `b=${path('b=.npy')}`];
    const y = ['--output', path('new.npy')];
    expect(await failing(swap, '--input', path('flat.npy'), ...y)).toMatch(
      /has shape \[6\], expected .* 'x', \[\?, \?, 2\] with/,
    );
    expect(await failing(swap, '--input', path('wide.npy'), ...y)).toMatch(
      /has shape \[2, 3, 5\], expected that of input 'x', \[\?, \?, 2\]/,
    );
    expect(await failing(swap, ...y)).toMatch(/expected a picture or --input FILE, got none for 'x' \[\?, \?, 2\]/);
    expect(await failing(two, ...a)).toMatch(
      /--input NAME=FILE for each input of the model, got none for 'b' \[2, 3, 1\]/,
    );
    expect(await failing(two, ...a, ...a, ...b)).toMatch(/--input expected 'a' once, got it twice/);
    expect(await failing(two, path('a.npy'))).toMatch(/at most 1 besides the options/);
    expect(await failing(two, '--input', path('a.npy'), ...b)).toMatch(
      /--input expected NAME=FILE, NAME one of 'a', 'b'/,
    );
    expect(await failing(two, '--input', 'aa=x.npy', ...b)).toMatch(/got 'aa=x\.npy', did you mean 'a'/);
    expect(await failing(two, ...a, '--input', `b=${path('three.npy')}`)).toMatch(
      /'a' has a batch of 2, .* 'b', got 3/,
    );
    expect(await failing(two, ...a, ...b, ...y)).toMatch(/--output expected NAME=FILE, NAME one of 'c', 'm'/);
    expect(await failing(two, ...a, ...b, '--output', 'm=m.png')).toMatch(
      /gives \[2, 3\], expected \[1, 3, H, W\] for a pic/,
    );
    expect(await failing(two, ...a, ...b, '--range', '0..1')).toMatch(
      /--range expected a picture that goes in or comes out/,
    );
    expect(await failing(swap, '--input', path('a.npy'), ...y, '--batch', '2')).toMatch(
      /--batch expected a built-in network/,
    );
  });
});

describe('pictures', () => {
  const pixels = Uint8Array.from([0, 51, 102, 255, 153, 204, 255, 128]);
  writeFileSync(path('p.png'), PNG.sync.write({ width: 2, height: 1, data: pixels }));
  const rows = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]; // prettier-ignore
  const scaled = (by: number) => rows.map((row) => row.map((value) => by * value));
  const same = pixelwise('same', rows, [0, 0, 0]);

  it.each(RANGES)('keep their values through a model of the range %s', async (range) => {
    const args = ['--range', range, '--out', path('q.png'), '--quiet'];
    expect(await run(path('p.png'), '--model', same, ...args)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect([...(await readPicture(path('q.png'))).data]).toEqual([...pixels]);
    expect((await run(same, '--input', path('p.png'), ...args)).stderr).toBe('');
    expect([...(await readPicture(path('q.png'))).data]).toEqual([...pixels]);
  });

  it.each([
    ['0..255', [0, 51, 102, 153, 204, 255]],
    ['0..1', [0, 0.2, 0.4, 0.6, 0.8, 1]],
    ['-1..1', [-1, -0.6, -0.2, 0.2, 0.6, 1]],
  ] as const)('go in as values of %s', async (range, expected) => {
    expect((await run(path('p.png'), '--model', same, '--range', range, '--output', path('v.npy'))).status).toBe(0);
    const { data, shape } = await readNpy(path('v.npy'));
    expect(shape).toEqual([1, 1, 2, 3]);
    for (const [i, value] of expected.entries()) expect(data[i]).toBeCloseTo(value, 6);
  });

  it.each([
    [
      'unit',
      1 / 255,
      '0..255',
      /^note .*black\.png: all values lie within 0\.00 … 1\.00, .*, try --range 0\.\.255,0\.\.1\n$/,
    ],
    ['far', 300, '0..255', /^note .*: 83 % of the values lie outside 0 … 255 and are clipped, all .* 7\.65e\+4\n$/],
    [
      'bytes',
      255,
      '0..1',
      /^note .*: 83 % of the values lie outside 0 … 1 and are clipped, .* try --range 0\.\.1,0\.\.255\n$/,
    ],
    ['nothing', NaN, '0..255', /^note .*: 6 of 6 values are not finite\n$/],
  ])('say on stderr that their range is another: %s', async (name, by, range, text) => {
    const model = pixelwise(name, scaled(by), [0, 0, 0]);
    const { status, stderr } = await run(path('p.png'), '--model', model, '--range', range, '--out', path('black.png'));
    expect(status).toBe(0);
    expect(stderr).toMatch(text);
  });

  it.each([
    ['0..255,0..1', 1 / 255],
    ['0..1,0..255', 255],
    ['-1..1, -1..1', 1],
    ['0..1', 1],
  ])('keep their values through a model that takes and gives %s', async (range, by) => {
    const model = pixelwise(`of-${range}`, scaled(by), [0, 0, 0]);
    const { status, stdout, stderr } = await run(
      ...[path('p.png'), '--model', model, '--range', range, '--out', path('q.png'), '--json', '-'],
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout).range).toBe(range.replace('-1..1, ', ''));
    expect([...(await readPicture(path('q.png'))).data]).toEqual([...pixels]);
  });
});

describe('--range', () => {
  it.each([...RANGES, '0..255,0..1', '-1..1,0..255'])('%s is read as it is told', (text) => {
    expect(rangesText(readRanges(text, '--range'))).toBe(text);
  });

  it.each([
    [
      '0..255,0..2',
      /^arguments: --range expected one of 0\.\.255, 0\.\.1, -1\.\.1, imagenet or mean,deviation, got '0\.\.2'/,
    ],
    ['0..1,', /^arguments: --range expected one of .*, got ''$/],
    ['0..1,0..1,0..1', /^arguments: --range expected one range, or two joined by a comma, in and out, got '0\.\.1,0/],
  ])('%s is refused', (text, message) => {
    expect(() => readRanges(text, '--range')).toThrow(message);
  });
});

describe('rangeNotice', () => {
  const values = (least: number, greatest: number, count = 1000) =>
    Float32Array.from({ length: count }, (_, i) => least + ((greatest - least) * i) / (count - 1));

  it.each([
    [0, 255, '0..255', null],
    [-0.4, 255.4, '0..255', null],
    [3, 250, '0..255', null],
    [0, 1, '0..255', '0..1'],
    [0.3, 0.7, '0..255', '0..1'],
    [-0.05, 1.08, '0..255', '0..1'],
    [-1, 1, '0..255', '-1..1'],
    [-0.2, 0.8, '0..255', '-1..1'],
    [0, 1, '0..1', null],
    [-1, 1, '0..1', '-1..1'],
    [0, 255, '0..1', '0..255'],
    [-1, 1, '-1..1', null],
    [0, 1, '-1..1', null],
    [0, 255, '-1..1', '0..255'],
  ] as const)('of %f … %f in %s tries %s', (least, greatest, range, likely) => {
    const notice = rangeNotice(values(least, greatest), range);
    if (likely === null) expect(notice).toBeNull();
    else expect(notice).toMatch(new RegExp(`, try --range ${likely.replaceAll('.', '\\.')}$`));
  });

  it.each([
    [0, 1, '0..255', '0..255', '0..255,0..1'],
    [0, 255, '0..1', '0..1', '0..1,0..255'],
    [-1, 1, '0..255', '-1..1', '-1..1'],
  ] as const)('of %f … %f in %s keeps the range %s of what went in: %s', (least, greatest, range, taken, hint) => {
    expect(rangeNotice(values(least, greatest), range, taken)?.endsWith(`, try --range ${hint}`)).toBe(true);
  });

  it('says a hundred as a number', () => {
    expect(rangeNotice(values(300, 400), '0..1')).toMatch(/^100 % of the values lie outside/);
    expect(rangeNotice(values(-1, 99), '0..1')).toMatch(/^99 % of the values lie outside/);
  });

  it('knows no range for what is far outside, and lets edges overshoot', () => {
    expect(rangeNotice(values(-1000, 1000), '0..255')).toMatch(/^87 % of the values .* within -1\.00e\+3 … 1\.00e\+3$/);
    const edges = values(0, 255).fill(280, 0, 15);
    expect(rangeNotice(edges, '0..255')).toBeNull();
    expect(rangeNotice(edges.fill(280, 0, 30), '0..255')).toMatch(/^3\.0 % of the values lie outside/);
    expect(rangeNotice(edges.fill(0, 0, 30).fill(9999, 0, 1), '0..255')).toMatch(/^0\.10 % of the values lie outside/);
  });

  it('is of values that the picture is made of', () => {
    const original = decodePicture(PNG.sync.write({ width: 2, height: 1, data: Buffer.alloc(8, 77) }), 'x');
    for (const range of RANGES) {
      const { data, shape } = toTensor(original, range);
      const tensor = ndarray(data, [1, ...shape]);
      expect(fromTensor(tensor, original, range)).toEqual({ ...original, data: new Uint8Array(8).fill(77) });
      expect([...fromTensor(tensor, null, range).data]).toEqual([77, 77, 77, 255, 77, 77, 77, 255]);
    }
  });
});
