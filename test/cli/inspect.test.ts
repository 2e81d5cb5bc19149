/** `inspect`: what is said of a model, and how its graph is drawn. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { drawGraph } from '../../src/cli/inspect/svg.ts';
import type { Node } from '../../src/graph/graph.ts';
import { inferTypes } from '../../src/graph/infer.ts';
import { parseGraph } from '../../src/graph/parse-graph.ts';
import { type Files, longModel, mxnetModel, onnxModel } from '../models/small-models.ts';
import { MAIN, resident } from '../support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'nnpack-inspect-'));
const one = resident(MAIN);
afterAll(async () => {
  await one.end();
  rmSync(folder, { recursive: true });
});

function save({ main, files }: Files): string {
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
  return join(folder, main);
}

describe('nnpack-ts inspect', () => {
  const run = (...args: string[]) => one.run('inspect', ...args);

  it('shows nodes, sizes, costs and what the files say', async () => {
    const path = save(mxnetModel());
    const files = ['--json', join(folder, 'i.json'), '--svg', join(folder, 'i.svg')];
    const told = await run(path, '--shape', '1x3x4x4', ...files);
    expect([told.status, told.stderr]).toEqual([0, '']);
    expect(told.stdout).toContain('net-symbol.json: mxnet');
    expect(told.stdout).toContain('input data: float32 [data.0, 3, data.2, data.3]');
    expect(told.stdout).toMatch(/mxnet_version: 1\.9\.1/);
    expect(told.stdout).toMatch(/convolution-nd\s*│ data\s*│ float32 \[1, 2, 4, 4\]\s*│\s*8 │\s*0\.000096 /);
    const data = JSON.parse(readFileSync(join(folder, 'i.json'), 'utf8'));
    expect(data.nodes[0]).toMatchObject({ op: 'convolution-nd', multiplyAdds: 96, parameters: 8 });
    expect(data.parameters).toHaveLength(2);
    const svg = readFileSync(join(folder, 'i.svg'), 'utf8');
    expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    // a line to each node and to the output
    expect(svg.match(/<path /g)).toHaveLength(data.nodes.length + 1);
    expect(svg).toContain('>convolution-nd</text>');
  });

  it('shows sizes by name where they are open', async () => {
    const told = await run(save({ main: 'n.onnx', files: { 'n.onnx': longModel(2) } }));
    expect(told.stdout).toContain('input x: float32 [N, 3, H, W]');
    expect(told.stdout).toContain('2 nodes, 0 numbers\n');
    const open = await run(save(onnxModel()));
    // Outputs have the file's own names; those of the convolution are made up, from its own.
    expect(open.stdout).toContain('output y: float32 [N, 2, H, W]');
    expect(open.stdout).toMatch(/convolution-nd\s*│ x\s*│ float32 \[N, 2, \?, \?\]/);
    expect((await run()).stderr).toMatch(/inspect expected the file of a model, got none/);
  });
});

/** Left, top, width and height of each. */
function boxesOf(svg: string): number[][] {
  const pattern = /<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" rx/g;
  return [...svg.matchAll(pattern)].map(([, ...numbers]) => numbers.map(Number));
}

/** Points of a path: M, V and C, a curve at many places. */
function pointsOf(path: string): [number, number][] {
  const [, x0, y0, v, ...curve] =
    /^M(\S+) (\S+)V([^C]+)C(\S+) (\S+) (\S+) (\S+) (\S+) (\S+)$/.exec(path)?.map(Number) ?? [];
  const [x1, y1, x2, y2, x3, y3] = curve;
  const at = (t: number, a: number, b: number, c: number, d: number) => {
    return (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t ** 2 * c + t ** 3 * d;
  };
  const steps = Array.from({ length: 101 }, (_, i) => i / 100);
  const down = steps.map((t): [number, number] => [x0, y0 + t * (v - y0)]);
  return [...down, ...steps.map((t): [number, number] => [at(t, x0, x1, x2, x3), at(t, v, y1, y2, y3)])];
}

describe('drawGraph', () => {
  it('puts nodes below what they read, apart, with names that are no markup', () => {
    const named = parseGraph({
      name: '<&">',
      inputs: new Map([['<x>', { dtype: 'float32', shape: ['N', 2] }]]),
      parameters: new Map(),
      nodes: [
        { name: 'a\u0000', op: 'relu', inputs: ['<x>'], outputs: ['a'], attributes: {} },
        { name: 'b', op: 'sigmoid', inputs: ['<x>'], outputs: ['b'], attributes: {} },
        { name: 'c', op: 'addition', inputs: ['a', 'b'], outputs: ['c'], attributes: {} },
      ] as Node[],
      outputs: ['c'],
    });
    const svg = drawGraph(named, inferTypes(named));
    expect(svg).toContain('<title>&lt;&amp;&quot;&gt;</title>');
    expect(svg).toContain('a\ufffd');
    expect(svg).not.toContain('<x>');
    const boxes = boxesOf(svg);
    expect(boxes).toHaveLength(5);
    const tops = boxes.map(([, y]) => y);
    expect(tops[1]).toBe(tops[2]);
    expect(tops[0]).toBeLessThan(tops[1]);
    expect(tops[3]).toBeGreaterThan(tops[2]);
    for (const [i, [x, y, width, height]] of boxes.entries()) {
      for (const [x2, y2, width2, height2] of boxes.slice(i + 1)) {
        const isApart = x + width < x2 || x2 + width2 < x || y + height < y2 || y2 + height2 < y;
        expect(isApart).toBe(true);
      }
    }
  });

  /** x, then x again at each of so many steps, and the sum of the last and of x. */
  const skipping = (steps: number) =>
    parseGraph({
      name: 'skipping',
      inputs: new Map([['x', { dtype: 'float32', shape: ['N', 2] }]]),
      parameters: new Map(),
      nodes: [
        ...Array.from({ length: steps }, (_, i) => {
          const inputs = [i === 0 ? 'x' : `v${i - 1}`];
          return { name: `v${i}`, op: i % 2 === 0 ? 'relu' : 'sigmoid', inputs, outputs: [`v${i}`], attributes: {} };
        }),
        { name: 'sum', op: 'addition', inputs: [`v${steps - 1}`, 'x'], outputs: ['sum'], attributes: {} },
      ] as Node[],
      outputs: ['sum', 'v0'],
    });

  it('leads lines beside the boxes between, and not behind them', () => {
    const graph = skipping(4);
    const svg = drawGraph(graph, inferTypes(graph));
    const boxes = boxesOf(svg);
    expect(boxes).toHaveLength(1 + 5 + 2);
    const lines = [...svg.matchAll(/<path d="([^"]+)"/g)].map(([, path]) => pointsOf(path));
    // six from each row to the next, five from x past four boxes to the sum, and one to the output of the first
    expect(lines).toHaveLength(12);
    for (const [px, py] of lines.flat()) {
      const behind = boxes.find(([x, y, width, height]) => px > x && px < x + width && py > y && py < y + height);
      expect(behind, `${px}, ${py} is behind a box`).toBeUndefined();
    }
    const isEnd = ([, y, , height]: number[]) =>
      lines.some((line) => line.some(([, at]) => at === y + height || at === y));
    expect(boxes.every(isEnd)).toBe(true);
  });

  it('keeps no more places for lines than it may', () => {
    const steps = 300;
    const nodes = Array.from({ length: steps }, (_, i): Node => {
      return { name: `v${i}`, op: 'relu', inputs: [i === 0 ? 'x' : `v${i - 1}`], outputs: [`v${i}`], attributes: {} };
    });
    const inputs = nodes.map(({ name }) => name);
    const all = { name: 'all', op: 'general-concatenation', inputs, outputs: ['all'], attributes: { axis: 0 } } as Node;
    const graph = parseGraph({ ...skipping(1), nodes: [...nodes, all], outputs: ['all'] });
    const svg = drawGraph(graph, inferTypes(graph));
    // a line to each node, one from each place, and one to each input of the last node and to the output
    expect(svg.match(/<path /g)).toHaveLength(steps + 20_000 + steps + 1);
  });
});
