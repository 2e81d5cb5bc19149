// Serves the page with threads: `node examples/page/server.mjs [port]` after `npm run build`.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// The page and the script of the workers are two bundles side by side: workers are started from a file of that name.
const { outputFiles } = await build({
  entryPoints: { main: here('main.js'), 'nnpack-worker': here('../../dist/nnpack-worker.js') },
  outdir: '/',
  bundle: true,
  format: 'esm',
  external: ['node:*'],
  write: false,
});
const files = new Map(outputFiles.map(({ path, contents }) => [path.slice(path.lastIndexOf('/')), contents]));
files.set('/', await readFile(here('index.html')));

const server = createServer(({ url }, response) => {
  const file = files.get(url);
  response.writeHead(file === undefined ? 404 : 200, {
    'content-type': url === '/' ? 'text/html; charset=utf-8' : 'text/javascript',
    // Threads share memory, which browsers give only to pages that are isolated from others by these two headers.
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  });
  response.end(file);
});
server.listen(Number(process.argv[2] ?? 8080), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
