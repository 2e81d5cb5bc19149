/** node workerd.mjs COMMAND FOLDER: serves FOLDER/workerd.js in workerd, and prints what it answers. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const [command, folder] = process.argv.slice(2);
const port = await new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const config = join(folder, 'config.capnp');
writeFileSync(
  config,
  `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (modules = [(name = "worker", esModule = embed "workerd.js")], compatibilityDate = "2026-01-01"))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`,
);
const child = spawn(command, ['serve', config], { stdio: ['ignore', 'inherit', 'inherit'] });
try {
  for (let attempt = 0; ; attempt++) {
    try {
      console.log(await (await fetch(`http://127.0.0.1:${port}/`)).text());
      break;
    } catch (error) {
      if (attempt === 100 || child.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
} finally {
  child.kill();
}
