import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `vite web/app` serves the sources with live reload and asks a Shouwang that runs beside it for everything under /api. */
const server = 'http://127.0.0.1:8080';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  server: { proxy: { '/api': { target: server, ws: true } } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
    // Our content security policy forbids eval; zod would try it and be reported. It has to know before its first schema,
    // which no import of ours can be.
    rolldownOptions: { output: { banner: 'globalThis.__zod_globalConfig ??= { jitless: true };' } },
  },
});
