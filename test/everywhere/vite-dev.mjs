/** node vite-dev.mjs FOLDER ANSWERS PORT HEADERS: Vite's development server, which passes answers on; prints its address. */
import { createServer } from 'vite';

const [root, answers, cacheDir, headers] = process.argv.slice(2);
const server = await createServer({
  root,
  cacheDir,
  configFile: false,
  // Vite serves workers as they are, where packages of CommonJS are none that a browser could load.
  optimizeDeps: { include: ['nnpack-ts > ndarray', 'nnpack-ts > fft.js'] },
  logLevel: 'error',
  server: { host: '127.0.0.1', port: 0, headers: JSON.parse(headers), proxy: { '^/answer$': answers }, hmr: false },
});
await server.listen();
console.log(`http://127.0.0.1:${server.httpServer.address().port}/`);
process.stdin.once('end', () => process.exit()).resume();
