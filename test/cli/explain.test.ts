/** `explain` through real processes: sizes alone, no data. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Files, graphModel, layersModel, mxnetModel, onnxModel } from '../models/small-models.ts';
import { MAIN, resident, start } from '../support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'nnpack-explain-'));
const one = resident(MAIN);
afterAll(async () => {
  await one.end();
  rmSync(folder, { recursive: true });
});

const explain = (line: string) => one.run('explain', ...line.split(' '));

describe('explain', () => {
  it('tells every rule and every algorithm of a convolution', async () => {
    const { status, stdout, stderr } = await explain('--input 64x56x56 --kernel 128x3x3 --padding 1 --batch 4');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('convolution 4×64×56×56 * 128×64×3×3 → 4×128×56×56, padding 1');
    for (const text of ['num_group = 1', 'direct', 'expected 1×1', 'wt8x8', 'ft256x256', 'reference', 'mul/output']) {
      expect(stdout).toContain(text);
    }
  });

  it.each([
    ['--input 8x100 --kernel 4x9 --padding 0,4,0,4', '1×8×1×100 * 4×8×1×9 → 1×4×1×100, padding 0 4 0 4'],
    ['--input 8x9x9 --kernel 8x3x3 --stride 2x1 --dilation 2 --groups 8', 'stride 2×1, dilation 2×2, 8 groups'],
    ['--input 8x9x9 --kernel 8x3x3 --no-bias --eligibility documented', 'no-bias = false does not hold (no bias)'],
    ['--input 8x9x9 --kernel 8x3x3 --batch 2 --rule nnpack', 'ft16x16'],
    ['--input 8x9x9 --kernel 8x3x3 --algorithm ft8x8', 'ft8x8: '],
    ['--input 8x9x9 --kernel 8x3x3', 'This is of a plan, which packs the kernel once'],
    ['--input 8x9x9 --kernel 8x3x3 --of call', 'This is of a call, which packs the kernel each time'],
    ['--input 64x55x55 --pooling 2x2 --convention full', 'max pooling 1×64×55×55 → 1×64×28×28, 2×2, stride 2×2, full'],
    ['--input 64x55x55 --pooling 3 --stride 2 --average', 'average pooling'],
    ['--input 512x7x7 --fully-connected 4096 --batch 3', 'fully-connected 3×25088 · 4096×25088 → 3×4096'],
    ['alexnet --batch 2', '7 of the 11 nodes that have rules are eligible'],
  ])('%s', async (line, text) => {
    const { status, stdout, stderr } = await explain(line);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(text);
  });

  const save = ({ main, files }: Files): string => {
    const place = mkdtempSync(join(folder, 'model-'));
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(place, name), bytes);
    return join(place, main);
  };

  it.each([
    ['ONNX', onnxModel(), '--shape 1x3x4x6'],
    ['MXNet', mxnetModel(), '--shape data=1x3x4x6'],
    ['a graph model', graphModel(), '--shape x=1x4x6x3'],
    ['a layers model', layersModel(), '--input 3x4x6'],
  ])('takes %s: the one convolution of the same small network', async (_, files, sizes) => {
    const { status, stdout, stderr } = await explain(`${save(files)} ${sizes} --algorithm direct`);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/ convolution .* 1×3×4×6 \* 2×3×1×1 → 1×2×4×6 .* direct .* asked for by name/);
  });

  it.each([
    [onnxModel(), '', "expected --shape x=?x3x?x?: the model's files do not tell the sizes at ? of input 'x'"],
    [onnxModel(), '--input 3x4x6', '--input says nothing of this model, expected --shape'],
    [onnxModel(), '--params net-0001.params', 'is no model of MXNet'],
    [layersModel(), '--shape 1x4x6x3', '--shape says nothing of a network, expected --input'],
    [graphModel(), '--kernel 3x3x3', 'got kernel and model'],
  ])('refuses sizes that do not tell of a file', async (files, options, text) => {
    const { status, stdout, stderr } = await explain([save(files), ...options.split(' ').filter(Boolean)].join(' '));
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(text);
  });

  it('prints JSON for machines', async () => {
    const { stdout } = await explain('--input 64x224x224 --kernel 64x3x3 --padding 1 --json - --threads 1');
    const explanation = JSON.parse(stdout);
    expect(explanation).toMatchObject({ algorithm: 'wt8x8', shape: { batch: 1, outputChannels: 64 } });
    expect(explanation.rules).toHaveLength(5);
    expect(JSON.parse((await explain('alexnet --json -')).stdout).nodes.length).toBeGreaterThan(10);
  });

  it.each([
    ['--input 64x56x56', 'expected one of a model, --kernel, --pooling and --fully-connected, got none'],
    ['--input 64x56x56 --kernel 8x3x3 --pooling 2', 'got kernel and pooling'],
    ['--kernel 8x3x3', '--input expected 2 or 3 sizes joined by x, got none'],
    ['--input 64x56x56 --kernel 8x3', "--kernel expected 3 sizes, as --input has, got '8x3'"],
    ['--input 0x56x56 --kernel 8x3x3', "--input expected a whole number above 0, got '0'"],
    ['--input 64by56 --kernel 8x3', "--input expected 2 or 3 sizes joined by x, got '64by56'"],
    ['--input 5x9x9 --kernel 8x3x3 --groups 2', '--groups expected a divisor of the 5 input channels, got 2'],
    [
      '--input 4x9x9 --kernel 8x3x3 --padding 1,2',
      '--padding expected a whole number, or four as top,right,bottom,left',
    ],
    ['--input 4x9x9 --kernel 8x11x11', 'kernel height is 11, expected at most 9'],
    ['--input 4x9x9 --kernel 8x3x3 --of cal', "did you mean 'call'?"],
    ['--input 4x9x9 --pooling 2 --of call', '--of says nothing of --pooling'],
    ['--input 4x9x9 --pooling 2 --groups 2', '--groups says nothing of --pooling'],
    ['--input 4x9x9 --kernel 8x3x3 --batch 0', "--batch expected a whole number above 0, got '0'"],
    ['--input 4x9x9 --kernel 8x3x3 --algorithm direct', 'expected 1×1'],
    ['alexnt', "did you mean 'alexnet'"],
    ['alexnet --shape 1x3x224x224', '--shape says nothing of a network, expected --input'],
    ['README.md', 'README.md'],
  ])('refuses %s in one line', async (line, text) => {
    const { status, stdout, stderr } = await explain(line);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(text);
  });

  it('survives a closed pipe', async () => {
    const { child, ended } = start('explain', 'alexnet');
    child.stdout?.destroy();
    expect((await ended).stderr).toBe('');
  });
});
