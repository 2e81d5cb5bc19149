/** node browse.mjs chromium|firefox COMMAND URL: shows the page in a headless browser, and its errors on stderr, until it is ended. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer from 'puppeteer-core';

const [browser, command, url] = process.argv.slice(2);
const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, command));
const executablePath = paths.find((path) => existsSync(path));
if (executablePath === undefined) throw new Error(`${command} is not installed`);
const started = await puppeteer.launch({
  browser: browser === 'firefox' ? 'firefox' : 'chrome',
  executablePath,
  headless: true,
  args: browser === 'firefox' ? [] : ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
const end = () => started.close().finally(() => process.exit());
process.once('SIGTERM', end);
process.stdin.once('end', end).resume();
const page = await started.newPage();
page.on('console', (message) => console.error(message.text()));
page.on('pageerror', (error) => console.error(String(error?.stack ?? error)));
page.on('requestfailed', (request) => console.error(`${request.url()}: ${request.failure()?.errorText}`));
await page.goto(url).catch((error) => console.error(String(error)));
