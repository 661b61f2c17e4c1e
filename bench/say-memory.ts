/** Loaded into a server before its own script: whenever its parent says anything, it answers with what it holds after a collection. */
process.on('message', () => {
  const { rss } = process.memoryUsage();
  globalThis.gc?.();
  globalThis.gc?.();
  process.send?.({ ...process.memoryUsage(), rss });
});
