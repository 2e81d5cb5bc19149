/** The examples run as a reader would run them, each in a process of its own, and print what they are for. */
import { describe, expect, it } from 'vitest';
import { chromium, valueInPage } from './support/chromium.ts';
import { script, startNode } from './support/process.ts';

function printed(path: string): string {
  const { status, stdout, stderr } = script(path);
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

describe('the examples', () => {
  it('one layer: finds the edges of a square, and says why it runs as it does', () => {
    const lines = printed('examples/layer.mjs').split('\n');
    // The inner side of an edge is negative, which ReLU takes away: the outer side is left, without its corners.
    const [blank, side, across] = [
      '.'.repeat(24),
      `${'.'.repeat(6)}${'#'.repeat(12)}${'.'.repeat(6)}`,
      '.....#............#.....',
    ];
    const picture = [blank, blank, side, ...Array.from({ length: 6 }, () => across), side, blank, blank];
    expect(lines.slice(0, 12)).toEqual(picture);
    expect(lines.join('\n')).toContain('depthwise: least estimated time');
  });

  it('a network: runs whole, and in parts within less memory, with the same result', () => {
    const text = printed('examples/network.mjs');
    expect(text).toMatch(/^64 MiB: 1 part\(s\), [\d.]+ MiB taken$/m);
    expect(text).toMatch(/^2 MiB: (?!1 )\d+ part\(s\), [01]\.\d MiB taken$/m);
    expect(text).toContain('[1, 3, 600, 800], without seams');
  });

  it('a graph: typed, simplified, planned, and run as it is defined', () => {
    const lines = printed('examples/graph.mjs').trimEnd().split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'right: float32 [N, 3, twice.2, twice.3]',
      'right: float32 [2, 3, 18, 28]',
      'nodes: 4, simplified: 3 (first, second, parts)',
    ]);
    expect(lines.slice(3, -2)).toEqual([
      expect.stringMatching(/^ {2}first \(convolution, [\w-]+\)$/),
      expect.stringMatching(/^ {2}second \(convolution, [\w-]+\)$/),
      '  parts (split)',
    ]);
    expect(lines.slice(-2)).toEqual(['left: [2, 1, 18, 28], as defined', 'right: [2, 3, 18, 28], as defined']);
  });

  it('a model: opened, run twice at once, stopped and explained', () => {
    const lines = printed('examples/model.mjs').trimEnd().split('\n');
    expect(lines.slice(0, -1)).toEqual([
      'tfjs-layers-model in models',
      expect.stringMatching(/^ {2}takes LR: float32 \[.*, 3\]$/),
      expect.stringMatching(/^ {2}gives SR: float32 \[.*, 3\]$/),
      '[1, 48, 64, 3], green from 100 to 100',
      '[1, 48, 64, 3], green from 50 to 200',
      'stopped: not this one',
    ]);
    expect(lines.at(-1)).toMatch(/^640×480: 68\.4 · 10⁹ multiply-adds, by [\w, -]+$/);
  });

  it("a kernel of one's own: passes, and a faulty one is noticed", () => {
    const text = printed('examples/kernel.mjs');
    expect(text).toMatch(/^the kernel errs no more than its sums must$/m);
    expect(text).toMatch(/^a kernel that forgets its last output: Property failed after/m);
  });
});

describe('a page with threads', () => {
  const browser = chromium();

  it('runs on two threads or more in a browser that isolates it', async ({ skip }) => {
    if (browser === null) return skip('no Chromium is installed here, which the page would run in');
    const server = startNode([], ['examples/page/server.mjs', '0']);
    try {
      const url = await new Promise<string>((resolve, reject) => {
        server.child.stdout!.once('data', (line) => resolve(`${line}`.trim()));
        void server.ended.then(({ stderr }) => reject(new Error(`the server ended: ${stderr}`)));
      });
      const report = `(() => {
        const text = document.querySelector('#report')?.textContent ?? 'working …';
        return text === 'working …' ? null : text;
      })()`;
      const lines = `${await valueInPage(browser, url, report)}`.split('\n');
      expect(lines).toContain('isolated: true');
      expect(lines).toContainEqual(expect.stringMatching(/^threads: [2-4]$/));
      expect(lines).toContainEqual(expect.stringMatching(/^pixels on an edge: [1-9]\d+$/));
    } finally {
      server.child.kill();
      await server.ended;
    }
  });
});
