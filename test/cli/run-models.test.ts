/** `run` with models of other formats than networks: arrays of their own types, pictures fitted, folders at once. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ndarray from 'ndarray';
import { PNG } from 'pngjs';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeNpy, readNpy } from '../../src/cli/npy.ts';
import { dataTypeOf } from '../../src/onnx/data-types.ts';
import { parseTensor } from '../../src/onnx/parse-tensor.ts';
import { encodeTensor } from '../../src/onnx/write-tensor.ts';
import { type Files, longModel, mxnetModel, typesModel } from '../models/small-models.ts';
import { graphProto, modelProto, nodeProto, tensorProto } from '../onnx/draw.ts';
import { writeModel } from '../onnx/write.ts';
import { MAIN, resident } from '../support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'nnpack-run-'));
const one = resident(MAIN);
afterAll(async () => {
  await one.end();
  rmSync(folder, { recursive: true });
});

const at = (name: string) => join(folder, name);
const run = (...args: string[]) => one.run('run', ...args, '--threads', '1');

function save({ main, files }: Files): string {
  for (const [name, bytes] of Object.entries(files)) writeFileSync(at(name), bytes);
  return at(main);
}

const saveModel = (name: string, bytes: Uint8Array) => save({ main: name, files: { [name]: bytes } });

/** Pixels as red, green and blue of each, row by row. */
function savePicture(name: string, width: number, height: number, rgb: (i: number) => readonly number[]): string {
  const data = Buffer.from(Array.from({ length: width * height }, (_, i) => [...rgb(i), 255]).flat());
  writeFileSync(at(name), PNG.sync.write({ width, height, data }));
  return at(name);
}

const tensor = (name: string, type: number, shape: readonly (number | string)[]) => {
  return { name, type: { kind: 'tensor', elements: dataTypeOf(type), shape } } as const;
};

/** What goes in comes out, in the type and shape told; nodes before it in the file. */
function echo(
  shape: readonly (number | string)[],
  type = 1,
  nodes = [{ ...nodeProto('Identity'), inputs: ['x'], outputs: ['y'] }],
  fields: { metadata?: ReadonlyMap<string, string>; numbers?: Readonly<Record<string, number>> } = {},
): Uint8Array {
  const initializers = Object.entries(fields.numbers ?? {}).map(([name, value]) => {
    return tensorProto({ name, dims: [], floatData: Float32Array.of(value) });
  });
  const graph = graphProto({
    nodes,
    inputs: [tensor('x', type, shape)],
    outputs: [tensor('y', type, shape)],
    initializers,
  });
  return writeModel(modelProto(graph, { metadata: fields.metadata ?? new Map() }));
}

describe('arrays', () => {
  const types = saveModel('types.onnx', typesModel());
  const big = 2n ** 60n + 1n;
  writeFileSync(at('a.npy'), encodeNpy(ndarray(BigInt64Array.of(1n, big), [2]), 'int64'));
  writeFileSync(at('b.pb'), encodeTensor('b', 'int64', [2], new Uint8Array(BigInt64Array.of(2n, 0n).buffer)));
  writeFileSync(at('half.npy'), encodeNpy(ndarray(Float32Array.of(0.1, 3), [2]), 'float16'));
  const files = ['--input', `a=${at('a.npy')}`, '--input', `b=${at('b.pb')}`, '--input', `half=${at('half.npy')}`];

  it('go in and come out as NumPy and ONNX have them, each of its type', async () => {
    const outputs = ['--output', `s=${at('s.pb')}`, '--output', `m=${at('m.npy')}`, '--output', `h=${at('h.npy')}`];
    const { status, stderr, stdout } = await run(types, ...files, ...outputs);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`s=${at('s.pb')}`.slice(2));
    expect(parseTensor(readFileSync(at('s.pb')))).toEqual({
      ...{ dtype: 'int64', shape: [2] },
      // Sums are made in double, which has no such number: the nearest is 2⁶⁰.
      data: BigInt64Array.of(3n, big - 1n),
    });
    expect(readFileSync(at('m.npy'), 'latin1')).toContain("'descr': '|b1'");
    expect([...(await readNpy(at('m.npy'))).data]).toEqual([0, 1]);
    expect(readFileSync(at('h.npy'), 'latin1')).toContain("'descr': '<f2'");
    expect([...(await readNpy(at('h.npy'))).data]).toEqual([2 * 0.0999755859375, 6].map(Math.fround));
  });

  it('are refused where they are not of the type, or of the shape', async () => {
    writeFileSync(at('real.npy'), encodeNpy(ndarray(Float32Array.of(1, 2.5), [2])));
    const wrong = await run(types, '--input', `a=${at('real.npy')}`, ...files.slice(2));
    expect([wrong.status, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/element 1 in the file is 2\.5, expected what int64/),
    ]);
    const fixed = saveModel('fixed.onnx', echo([2, 3]));
    const shape = await run(fixed, '--input', at('real.npy'));
    expect(shape.stderr).toMatch(/has shape \[2\], expected that of input 'x', \[2, 3\]/);
    writeFileSync(at('broken.pb'), Uint8Array.of(8, 2, 16, 1));
    expect((await run(fixed, '--input', at('broken.pb'))).stderr).toMatch(/^error array '.*broken\.pb': /);
    expect((await run(fixed, '--input', at('none.pb'))).stderr).toMatch(/none\.pb.* could not be read/);
    expect(
      (
        await run(
          fixed,
          savePicture('p.png', 2, 2, () => [0, 0, 0]),
        )
      ).stderr,
    ).toMatch(/takes \[2, 3\], expected the name of a/);
  });

  it('serve MXNet with the parameters that are told', async () => {
    const symbol = save(mxnetModel());
    writeFileSync(at('x.npy'), encodeNpy(ndarray(Float32Array.of(1, 0, 0), [1, 3, 1, 1])));
    const args = [symbol, '--input', at('x.npy'), '--output', at('y.npy'), '--params', at('net-0001.params')];
    expect((await run(...args)).status).toBe(0);
    expect((await readNpy(at('y.npy'))).data[0]).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
    expect((await run(at('types.onnx'), ...files, '--params', 'x')).stderr).toMatch(/is no model of MXNet/);
  });
});

describe('pictures', () => {
  const picture = savePicture('rgb.png', 2, 1, (i) => (i === 0 ? [255, 0, 51] : [0, 102, 255]));
  const values = async (model: Uint8Array, ...args: string[]) => {
    const told = await run(saveModel('m.onnx', model), at('rgb.png'), '--output', at('v.npy'), ...args);
    expect(told.status, told.stderr).toBe(0);
    const { data, shape } = await readNpy(at('v.npy'));
    return { values: [...data].map((x) => Math.round(1e4 * x) / 1e4), shape, stderr: told.stderr };
  };

  it.each([
    ['N C H W', ['N', 3, 1, 2], [1, 3, 1, 2], [255, 0, 0, 102, 51, 255]],
    ['N H W C', ['N', 'H', 'W', 3], [1, 1, 2, 3], [255, 0, 51, 0, 102, 255]],
    ['H W C', ['H', 'W', 3], [1, 2, 3], [255, 0, 51, 0, 102, 255]],
  ] as const)('lie as %s where the shape tells it', async (_, shape, expected, numbers) => {
    const told = await values(echo(shape), '--range', '0..255');
    expect([told.shape, told.values, told.stderr]).toEqual([expected, numbers, '']);
  });

  it('are bytes for models of bytes, blue first where that is told, and grey', async () => {
    const bytes = await values(echo(['N', 'H', 'W', 3], 2), '--channels', 'bgr');
    expect(bytes.values).toEqual([51, 0, 255, 255, 102, 0]);
    expect(bytes.stderr).toMatch(/^note .*: values 0\.\.255, as told by it takes bytes; blue before red\n$/);
    const grey = await values(echo([1, 1, 'H', 'W']), '--range', '0..1');
    expect(grey.values).toEqual(
      [(0.299 * 255 + 0.114 * 51) / 255, (0.587 * 102 + 0.114 * 255) / 255].map((x) => Math.round(1e4 * x) / 1e4),
    );
    expect(grey.stderr).toMatch(/made grey/);
  });

  it.each([
    ['imagenet', (255 / 255 - 0.485) / 0.229],
    ['127.5,127.5', 1],
    ['0/1/2,1/2/4', 255],
  ])('take the values of --range %s', async (range, first) => {
    expect((await values(echo(['N', 3, 'H', 'W']), '--range', range)).values[0]).toBeCloseTo(first, 3);
  });

  it('take the range that the file tells: by its words, or by what it does first', async () => {
    const named = new Map([
      ['Image.NominalPixelRange', 'Normalized_1_1'],
      ['Image.BitmapPixelFormat', 'Bgr8'],
    ]); // prettier-ignore
    const told = await values(echo(['N', 3, 'H', 'W'], 1, undefined, { metadata: named }));
    expect(told.values[0]).toBeCloseTo((2 * 51) / 255 - 1, 3);
    expect(told.stderr).toMatch(/values -1\.\.1, .*metadata; blue before red, as its metadata/);
    const nodes = [
      { ...nodeProto('Identity'), inputs: ['x'], outputs: ['i'] },
      { ...nodeProto('Sub'), inputs: ['i', 'mean'], outputs: ['s'] },
      { ...nodeProto('Div'), inputs: ['s', 'deviation'], outputs: ['y'] },
    ];
    const bytes = echo(['N', 3, 'H', 'W'], 1, nodes, { numbers: { mean: 127.5, deviation: 127.5 } });
    expect((await values(bytes)).stderr).toMatch(/values 0\.\.255, as told by its node .*subtraction/);
    const unit = await values(echo(['N', 3, 'H', 'W'], 1, nodes, { numbers: { mean: 0.5, deviation: 0.5 } }));
    expect([unit.values[0], unit.stderr]).toEqual([1, expect.stringMatching(/values 0\.\.1, as told/)]);
    expect((await values(echo(['N', 3, 'H', 'W']))).stderr).toMatch(
      /values 0\.\.255, as the files of the model tell nothing else/,
    );
  });

  it('are fitted to the size that the model takes, and that is said', async () => {
    // Four columns: black, white, white, black.
    savePicture('rgb.png', 4, 2, (i) => (i % 4 === 1 || i % 4 === 2 ? [255, 255, 255] : [0, 0, 0]));
    const grey = echo([1, 1, 2, 2]);
    const crop = await values(grey, '--range', '0..255');
    expect([crop.values, crop.stderr]).toEqual([
      [255, 255, 255, 255],
      expect.stringMatching(/4×2 made 2×2 \(the middle of 4×2\)/),
    ]);
    const fit = await values(echo([1, 1, 4, 4]), '--range', '0..255', '--fit', 'fit');
    expect(fit.values).toEqual([0, 0, 0, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 0, 0, 0]);
    // Each result covers two columns, and a half of one on either side: (1/8 · 0 + 3/8 · 0 …) by the triangle.
    const stretch = await values(grey, '--range', '0..255', '--fit', 'stretch');
    expect(stretch.values[0]).toBe(stretch.values[1]);
    expect(Math.abs(stretch.values[0] - 127.5)).toBeLessThan(40);
    const open = await values(echo([1, 1, 4, 'W']), '--range', '0..255');
    expect(open.shape).toEqual([1, 1, 4, 8]);
    const sized = await values(echo(['N', 1, 'H', 'W']), '--range', '0..255', '--size', '1x3', '--fit', 'stretch');
    expect(sized.shape).toEqual([1, 1, 1, 3]);
    savePicture('rgb.png', 2, 1, (i) => (i === 0 ? [255, 0, 51] : [0, 102, 255]));
  });

  it('come out as pictures, in the order in which they went in', async () => {
    const model = saveModel('same.onnx', echo(['N', 3, 'H', 'W']));
    for (const extra of [[], ['--channels', 'bgr'], ['--range', 'imagenet'], ['--range', '0..1']]) {
      const told = await run(model, picture, '--out', at('out.png'), ...extra, '--quiet');
      expect(told).toEqual({ status: 0, stdout: '', stderr: '' });
      expect(PNG.sync.read(readFileSync(at('out.png'))).data).toEqual(PNG.sync.read(readFileSync(picture)).data);
    }
  });

  it('take no more memory than is told', async () => {
    const large = savePicture('large.png', 500, 400, () => [1, 2, 3]);
    const model = saveModel('long.onnx', longModel(3));
    const told = await run(model, large, '--range', '0..255', '--out', at('out.png'), '--memory', '1');
    expect([told.status, told.stderr]).toEqual([2, expect.stringMatching(/takes at least .* expected at most|in all/)]);
    expect((await run(model, large, '--range', '0..255', '--out', at('out.png'), '--memory', '64')).status).toBe(0);
  });

  it('get names for what is said of them', async () => {
    const model = saveModel(
      'flat.onnx',
      echo([1, 3, 1, 2], 1, [{ ...nodeProto('Flatten'), inputs: ['x'], outputs: ['y'] }]),
    );
    writeFileSync(at('labels.txt'), 'cat\ndog\nbird\nfish\nhorse\ncow\n');
    const { status, stdout } = await run(
      model,
      picture,
      '--range',
      '0..255',
      '--top',
      '2',
      '--labels',
      at('labels.txt'),
    );
    expect(status).toBe(0);
    expect(stdout).toContain('greatest values: 255.0 at 0 (cat), 255.0 at 5 (cow)');
    expect((await run(model, picture, '--labels', at('none.txt'))).stderr).toMatch(/labels '.*' could not be read/);
  });
});

describe('many files', () => {
  const model = saveModel('negative.onnx', longModel(1));
  mkdirSync(at('in'));
  mkdirSync(at('out'));
  for (const [i, name] of ['a', 'b', 'c', 'd', 'e'].entries()) savePicture(`in/${name}.png`, 1 + i, 1, () => [i, 0, 0]);
  writeFileSync(at('in/notes.txt'), 'no picture');
  const args = [model, '--input', at('in'), '--output', at('out/*.npy'), '--range', '0..255'];
  const results = () => readdirSync(at('out')).sort();
  const clean = () => {
    for (const name of results()) rmSync(at(`out/${name}`));
  };

  it('go through one model, each to a file of its own', async () => {
    const { status, stdout, stderr } = await run(...args, '--json', at('many.json'));
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toBe('5 of 5 files done\n');
    expect(results()).toEqual(['a.npy', 'b.npy', 'c.npy', 'd.npy', 'e.npy']);
    expect((await readNpy(at('out/d.npy'))).shape).toEqual([1, 3, 1, 4]);
    expect((await readNpy(at('out/d.npy'))).data[0]).toBe(-3);
    const { files, done } = JSON.parse(readFileSync(at('many.json'), 'utf8'));
    expect([done, files[1].from, files[1].outputs]).toEqual([5, at('in/b.png'), [at('out/b.npy')]]);
    clean();
  });

  it('go into a folder by their own names, and several pictures need none', async () => {
    expect((await run(model, '--input', at('in'), '--out', at('out'), '--range', '0..255')).status).toBe(0);
    expect(results()).toEqual(['a.png', 'b.png', 'c.png', 'd.png', 'e.png']);
    clean();
    const told = await run('--model', model, at('in/a.png'), at('in/b.png'), '--range', '0..255', '--top', '1');
    expect(told.stdout.split('\n').filter((line) => /-?0\.000 at \d+$|0 at \d+$/.test(line))).toHaveLength(2);
    expect(results()).toEqual([]);
  });

  it('are divided among jobs, which take up again what is not done', async () => {
    expect((await run(...args, '--shard', '2/2')).stdout).toBe('2 of 2 files done\n');
    expect(results()).toEqual(['b.npy', 'd.npy']);
    writeFileSync(at('out/b.npy'), 'mine');
    expect((await run(...args, '--resume')).stdout).toBe('3 of 3 files done, 2 were there\n');
    expect(results()).toEqual(['a.npy', 'b.npy', 'c.npy', 'd.npy', 'e.npy']);
    expect(readFileSync(at('out/b.npy'), 'utf8')).toBe('mine');
    expect((await run(...args, '--resume')).stdout).toBe('0 of 0 files done, 5 were there\n');
    clean();
  });

  it('fail one by one, and leave no part of a file', async () => {
    writeFileSync(at('in/bad.png'), 'no picture');
    const { status, stdout, stderr } = await run(...args);
    expect([status, stdout]).toEqual([2, '5 of 6 files done, 1 failed\n']);
    expect(stderr).toMatch(/^error .*bad\.png: picture .*expected a PNG or JPEG file/);
    expect(results()).toEqual(['a.npy', 'b.npy', 'c.npy', 'd.npy', 'e.npy']);
    rmSync(at('in/bad.png'));
    clean();
  });

  it.each([
    [['--input', at('in')], /expected --output FOLDER, --top or --json/],
    [['--input', at('in'), '--output', at('none/')], /expected a folder that exists/],
    [['--input', at('in'), '--output', at('none/*.npy')], /does not exist/],
    [['--input', at('in'), '--output', at('out/x*.jpg')], /expected a name that ends in \.png or \.npy/],
    [['--input', at('in'), '--output', at('out'), '--shard', '3/2'], /--shard expected K\/N/],
    [[at('in/a.png'), '--shard', '1/2'], /expected many files or a folder, got one/],
    [['--input', at('in'), '--top', '1', '--resume'], /--resume expected --output/],
    [['--input', at('out'), '--output', at('out')], /has no files of/],
    [[at('in/a.png'), 'other.onnx'], /at most 1 besides the options that is the model/],
    [[at('in/a.png'), '--fit', 'cut'], /--fit expected one of crop, fit, stretch/],
    [[at('in/a.png'), '--size', '1x2x3'], /--size expected a number or HxW/],
    [[at('in/a.png'), '--range', '1,0'], /expected a deviation above 0/],
  ])('%j is refused', async (given, message) => {
    const told = await run(model, ...given);
    expect(told.status).toBe(2);
    expect(told.stderr).toMatch(message);
    expect(existsSync(at('none'))).toBe(false);
  });
});
