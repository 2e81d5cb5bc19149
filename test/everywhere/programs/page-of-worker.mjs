/** All of it happens in a web worker, which starts workers of its own. */
new Worker('page.js', { type: 'module' });
