/** `run`, and with it the main job, through real processes. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, describe, expect, it } from 'vitest';
import { command, MAIN, resident, start, startWithProgress } from '../support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'nnpack-ts-'));
const out = join(folder, 'out.png');

const one = resident(MAIN);

afterAll(async () => {
  await one.end();
  rmSync(folder, { recursive: true });
});

const run = (...args: string[]) => command('run', ...args);

/** A small picture, and what became of it. */
function picture(name: string, width: number, height: number): string {
  const data = Uint8Array.from({ length: 4 * width * height }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 251));
  const path = join(folder, name);
  writeFileSync(path, PNG.sync.write({ width, height, data }));
  return path;
}

describe('the main job', () => {
  it('enlarges its own sample to the expected picture and shows every layer', () => {
    const { status, stdout, stderr } = run('--out', out);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    for (const text of ['F_m1', 'UPN1', '5×5', 'all hold', 'least estimated time', 'default implementation']) {
      expect(stdout).toContain(text);
    }
    const [, equal, values, greatest] = /(\d+) of (\d+) values equal .* greatest difference (\d+)/.exec(stdout)!;
    expect(Number(values)).toBe(196_608);
    expect(Number(equal)).toBeGreaterThanOrEqual(0.9999 * 196_608);
    expect(Number(greatest)).toBeLessThanOrEqual(1);
    const { width, height } = PNG.sync.read(readFileSync(out));
    expect([width, height]).toEqual([256, 256]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
    expect(stdout).not.toMatch(/\x1b/);
  });

  it('prints the text as well where JSON goes into a file, and nothing with --quiet', async () => {
    const json = join(folder, 'report.json');
    const path = picture('j.png', 20, 14);
    const told = await one.run('run', path, '--out', out, '--json', json);
    expect([told.status, told.stderr]).toEqual([0, '']);
    expect(told.stdout).toContain('default implementation');
    const { layers } = JSON.parse(readFileSync(json, 'utf8'));
    for (const { name } of layers) expect(told.stdout).toContain(name);
    rmSync(json);
    const quiet = await one.run('run', path, '--out', out, '--json', json, '--quiet');
    expect(quiet).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(JSON.parse(readFileSync(json, 'utf8')).layers).toHaveLength(layers.length);
    rmSync(json);
  });

  it('takes any number for the memory, and no more than there is', async () => {
    const { status, stdout } = await one.run(
      'run',
      picture('m.png', 20, 14),
      '--out',
      out,
      '--memory',
      '1e9',
      '--json',
      '-',
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout).parts).toBe(1);
  });

  it('prints JSON for machines', () => {
    const { status, stdout } = run(picture('a.png', 20, 14), '--out', out, '--json', '-', '--threads', '1');
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      rule: 'fastest',
      parts: 1,
      machine: { threads: 1, kernels: expect.stringMatching(/^(scalar|simd)/) },
      expected: null,
    });
    expect(report.layers.filter(({ op }: { op: string }) => op === 'convolution')).toHaveLength(12);
  });

  it('chooses as the rule says, and names it', async () => {
    const { status, stdout } = await one.run(
      'run',
      picture('r.png', 20, 14),
      '--out',
      out,
      '--json',
      '-',
      '--rule',
      'nnpack',
    );
    expect(status).toBe(0);
    const { rule, layers } = JSON.parse(stdout);
    expect(rule).toBe('nnpack');
    const convolutions = layers.filter(({ op }: { op: string }) => op === 'convolution');
    for (const { why } of convolutions) expect(why).toMatch(/^NNPACK's rule for /);
    expect(convolutions).toHaveLength(12);
  });

  it('runs a larger picture in slices without seams', async () => {
    const path = picture('b.png', 90, 70);
    const whole = join(folder, 'whole.png');
    const args = [path, '--algorithm', 'implicit-gemm'];
    expect((await one.run('run', ...args, '--out', whole, '--quiet')).status).toBe(0);
    const { status, stdout } = await one.run('run', ...args, '--out', out, '--memory', '5', '--json', '-');
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.parts).toBeGreaterThan(2);
    expect(report.networkBytes).toBeLessThanOrEqual(5 * 2 ** 20);
    const [sliced, expected] = [out, whole].map((file) => PNG.sync.read(readFileSync(file)).data);
    expect(Buffer.compare(sliced, expected)).toBe(0);
  });

  it('prints its help', () => {
    const { status, stdout } = run('--help');
    expect(status).toBe(0);
    expect(stdout).toContain('--memory MB');
  });

  it.each([
    [['no-such-file.png'], /no-such-file\.png/],
    [['README.md'], /^error model 'README\.md'/],
    [['package.json'], /modelTopology/],
    [['vgg-61'], /the model expected one of .* did you mean 'vgg-1/],
    [['--thread', '2'], /--threads/],
    [['--threads', '0'], /threads/],
    [['--algorithm', 'wt8'], /wt8x8/],
    [['--out', join(folder, 'none', 'x.png')], /x\.png/],
    [['--memory', '1'], /MB|bytes/],
    [['--model', 'no-such-model.json'], /no-such-model\.json/],
    [['--model', 'package.json'], /modelTopology/],
    [['--model', 'alexnets'], /did you mean 'alexnet'/],
    [['--model', 'alexnet', 'a.png'], /takes no picture/],
    [['--model', 'alexnet', '--out', 'a.png'], /gives no picture/],
    [['alexnet', '--input', 'a.png'], /takes no picture/],
    [['alexnet', '--range', '0..1'], /takes and gives no picture/],
    [
      ['--range', '0..2'],
      /--range expected one of 0\.\.255, 0\.\.1, -1\.\.1, imagenet or mean,deviation, got '0\.\.2'/,
    ],
    [['--out', join(folder, 'x.jpg')], /expected a name that ends in \.png or \.npy .*x\.jpg'/],
    [['--out', join(folder, 'x')], /expected a name that ends in \.png or \.npy .*x'/],
    [['--out', join(folder, 'x.png.')], /expected a name that ends in \.png or \.npy .*x\.png\.'/],
    [['--output', join(folder, 'xpng')], /expected a name that ends in \.png or \.npy .*xpng'/],
    [['--output', join(folder, 'x.JPEG')], /expected a name that ends in \.png or \.npy/],
    [['--output', 'SH=x.png'], /--output expected NAME=FILE, NAME one of 'SR', got 'SH=x\.png', did you mean 'SR'/],
    [['--output', 'SR='], /--output expected NAME=FILE/],
    [['--out', 'x.png', '--output', 'y.npy'], /expected --out or --output, got both/],
    [['--output', join(folder, 'y.npy'), '--json', join(folder, 'y.npy')], /is to be written twice/],
    [['--json', join(folder, 'none', 'x.json')], /x\.json/],
    [['--json'], /--json expected a value, got none/],
    [['a.png', '--input', 'b.png'], /expected a picture or --input, got both/],
    [['--input', 'a.png', '--input', 'b.png'], /--input expected 'LR' once, got it twice/],
    [['--input', 'no-such-file.npy'], /array 'no-such-file\.npy' could not be read/],
    [['--batch', '2'], /built-in network/],
    [['--model', 'alexnet', '--batch', '0'], /above 0/],
    [['--model', 'alexnet', '--memory', '10'], /cannot run in slices/],
  ])('refuses %j in one line, with exit code 2 and nothing written', async (args, text) => {
    const before = readdirSync(folder).sort();
    const { status, stdout, stderr } = await one.run('run', ...args);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(text);
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  it('runs a built-in network on random images', () => {
    const { status, stdout, stderr } = run('--model', 'alexnet', '--batch', '2', '--json', '-');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      network: 'alexnet',
      from: '2 random images',
      out: null,
      expected: null,
      values: null,
    });
    expect(report.layers.map(({ name }: { name: string }) => name)).toContain('conv5');
    expect(report.ratio).toBeGreaterThan(0);
  });

  it('survives a closed pipe', async () => {
    const { child, ended } = start('run', picture('c.png', 8, 8), '--out', out);
    child.stdout?.destroy();
    expect((await ended).stderr).toBe('');
  });

  it('stops at Ctrl-C in the middle and leaves nothing half-written', async () => {
    const target = join(folder, 'stopped.png');
    const { child, ended } = startWithProgress('run', picture('d.png', 700, 600), '--out', target, '--threads', '2');
    // The first progress comes after the first layer, with most of the work still to do.
    await once(child.stderr!, 'data');
    child.kill('SIGINT');
    const { status, stdout, stderr } = await ended;
    expect([status, stdout]).toEqual([130, '']);
    expect(stderr).toMatch(/^\r.* 1\/\d+ /);
    expect(stderr).toMatch(/stopped\n$/);
    expect(readdirSync(folder).filter((name) => name.startsWith('stopped'))).toEqual([]);
  });
});
